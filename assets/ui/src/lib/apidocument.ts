// The API's own description, as the panel serves it.
import { unreachable } from './client';
import type { ApiDocument } from './openapi';

/** Reads the description; an answer that is none counts as no answer. */
export async function readApiDocument(): Promise<ApiDocument> {
  try {
    const answer = await fetch('/api/v1/openapi.json');
    if (answer.ok) return (await answer.json()) as ApiDocument;
  } catch {
    // Told below, as where something in between answers.
  }
  throw unreachable();
}
