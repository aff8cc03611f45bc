// Runs an operation that the server names by its id: the API's own description says how it is called.
import { client, send } from './client';
import { operationRequest, type ApiDocument } from './openapi';
import type { paths } from './api';

type PostPath = { [Path in keyof paths]: paths[Path] extends { post: object } ? Path : never }[keyof paths];
type Loose = (path: PostPath, options: { params: { path: Record<string, string> }; body?: Record<string, string> }) => ReturnType<typeof client.POST>;

let known: Promise<ApiDocument> | null = null;

async function readDocument(): Promise<ApiDocument> {
  return (await fetch('/api/v1/openapi.json')).json() as Promise<ApiDocument>;
}

/** What operation `id` answers to `input`. Only operations that act (POST) are run. */
export async function runOperation(id: string, input: Record<string, string>): Promise<unknown> {
  known ??= readDocument();
  const request = operationRequest(await known, id, input);
  if (!request) throw new Error(`no operation ${id} that can be run here`);
  // The path is one of the description, which the client's types are made from.
  const post = client.POST as unknown as Loose;
  const { body } = request;
  return send(post(request.path as PostPath, { params: { path: request.inPath }, ...(Object.keys(body).length > 0 && { body }) }));
}
