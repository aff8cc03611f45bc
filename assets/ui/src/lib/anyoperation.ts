// Runs an operation that the server names by its id: the API's own description says how it is called.
import { readApiDocument } from './apidocument';
import { client, planOf, send } from './client';
import { operationRequest, type ApiDocument } from './openapi';
import type { paths } from './api';
import type { Plan } from './types';

type PostPath = { [Path in keyof paths]: paths[Path] extends { post: object } ? Path : never }[keyof paths];
type Loose = (path: PostPath, options: { params: { path: Record<string, string>; query?: { dry_run: true } }; body?: Record<string, string> }) => ReturnType<typeof client.POST>;

let known: Promise<ApiDocument> | null = null;

/** The request of operation `id` with `input`. Only operations that act (POST) are run. */
async function request(id: string, input: Record<string, string>, query?: { dry_run: true }): Promise<Awaited<ReturnType<Loose>>> {
  known ??= readApiDocument();
  // What did not come is asked for again the next time.
  known.catch(() => (known = null));
  const described = operationRequest(await known, id, input);
  if (!described) throw new Error(`no operation ${id} that can be run here`);
  // The path is one of the description, which the client's types are made from.
  const post = client.POST as unknown as Loose;
  const { body } = described;
  return post(described.path as PostPath, { params: { path: described.inPath, query }, ...(Object.keys(body).length > 0 && { body }) });
}

/** What operation `id` answers to `input`. */
export function runOperation(id: string, input: Record<string, string>): Promise<unknown> {
  return send(request(id, input));
}

/** The plan of operation `id` for `input`. */
export function planOperation(id: string, input: Record<string, string>): Promise<Plan> {
  return planOf(request(id, input, { dry_run: true }));
}
