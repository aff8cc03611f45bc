// Two who change the same thing: what the later one is told.
import { call, client } from './client';
import { ApiError } from './problem';
import { may } from './session.svelte';

/** What the other change did to one field, in words. */
export interface Difference {
  name: string;
  /** Whether the name is that of an option, not a word. */
  technical?: boolean;
  before: string;
  after: string;
}

export interface Race {
  /** Who, and when (RFC 3339); null where the caller may not know. */
  by: { who: string; at: string } | null;
  differences: Difference[];
}

/** Whether a change was refused because somebody else has changed the same in the meantime. */
export function isRaced(cause: unknown): boolean {
  return cause instanceof ApiError && cause.code === 'revision_stale';
}

/** Who made the newest of these changes, as the audit trail has it. */
export async function lastBy(operation: string, target: string): Promise<Race['by']> {
  if (!may('audit-read')) return null;
  const query = { operation, target, result: 'done', limit: 1 };
  return call(client.GET('/api/v1/audit', { params: { query } })).then(({ items }) => items[0] ?? null, () => null);
}
