// The one way to the API: CSRF header, language, problems as exceptions, signing in again when the session has ended.
// The types are openapi-fetch's; what it would do at run time, of which we need little, is written here.
import type { Client } from 'openapi-fetch';
import type { paths } from './api';
import { locale, t } from './locale.svelte';
import { ApiError, isProblem, makeProblem } from './problem';
import { session } from './session.svelte';
import type { Job, Plan } from './types';

interface Input {
  params?: { path?: Record<string, string>; query?: Record<string, unknown> };
  headers?: Record<string, string>;
  body?: unknown;
}

/** Asking for a session answers 401 to a wrong password. */
const SIGN_IN = 'POST /api/v1/session';
const RETRY_MS = 300;

function address(path: string, { path: parts = {}, query = {} }: NonNullable<Input['params']>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ''));
  const given = Object.entries(query).flatMap(([name, value]) => [value].flat().map((one): [string, unknown] => [name, one]));
  const text = new URLSearchParams(given.filter(([, value]) => value != null).map(([name, value]) => [name, String(value)])).toString();
  return text ? `${filled}?${text}` : filled;
}

async function ask(method: string, path: string, { params = {}, headers, body }: Input = {}): Promise<Answer<unknown>> {
  const once = () =>
    fetch(address(path, params), {
      method,
      credentials: 'same-origin',
      headers: {
        'Accept-Language': locale.lang,
        ...(method !== 'GET' && session.current && { 'X-Manara-CSRF': session.current.csrf }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  // A connection may end in the moment in which something is asked over it: what only reads is asked once more.
  const again = () => new Promise((done) => setTimeout(done, RETRY_MS)).then(once);
  let response = await (method === 'GET' ? once().catch(again) : once());
  // Where the session has ended under an open page, the request waits until the user has signed in again, and goes on.
  const ended = response.status === 401 && session.current && `${method} ${path}` !== SIGN_IN;
  if (ended && (await session.renew())) response = await once();
  const text = await response.text();
  if (response.ok) return { data: text ? JSON.parse(text) : undefined, response };
  try {
    return { error: JSON.parse(text), response };
  } catch {
    return { error: text, response };
  }
}

const via = (method: string) => (path: string, input?: Input) => ask(method, path, input);

export const client = { GET: via('GET'), POST: via('POST'), PATCH: via('PATCH'), DELETE: via('DELETE') } as unknown as Pick<
  Client<paths>,
  'GET' | 'POST' | 'PATCH' | 'DELETE'
>;

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What a change answers when it goes on as a job. */
export interface JobAnswer {
  job: Job;
}

/** The answer of a read, or of a change that is done at once. */
export async function call<T>(request: Promise<Answer<T>>): Promise<Exclude<T, Plan | JobAnswer>> {
  const answer = await send(request);
  if (isPlan(answer) || isJobAnswer(answer)) throw misunderstood();
  return answer as Exclude<T, Plan | JobAnswer>;
}

/** The plan that a dry run answers. */
export async function planOf<T>(request: Promise<Answer<T>>): Promise<Plan> {
  const answer = await send(request);
  if (isPlan(answer)) return answer;
  throw misunderstood();
}

/**
 * Whatever a request answers: its data, a plan or a job; a refusal is an [`ApiError`]. A 401 asks to sign in again over
 * the open page; who does not want to comes to the sign-in page.
 */
export async function send<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch {
    throw unreachable();
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  if (response.status === 401 && session.current) session.ended();
  if (isProblem(error)) throw new ApiError(error);
  throw new ApiError(makeProblem('unexpected', response.status, t('error.unexpected_title'), t('error.unexpected_detail', { status: response.status })));
}

/** No answer at all. */
export function unreachable(): ApiError {
  return new ApiError(makeProblem('offline', 0, t('error.offline_title'), t('error.offline_detail')));
}

/** `If-Match` for a revision (RFC 9110 §13.1.1). */
export function ifMatch(revision: number): { 'If-Match': string } {
  return { 'If-Match': `"${revision}"` };
}

/** Whether an answer is a plan of a dry run. */
export function isPlan(answer: unknown): answer is Plan {
  return typeof answer === 'object' && answer !== null && 'changes' in answer;
}

/** Whether an answer says that the change runs as a job. */
export function isJobAnswer(answer: unknown): answer is JobAnswer {
  return typeof answer === 'object' && answer !== null && 'job' in answer;
}

function misunderstood(): ApiError {
  return new ApiError(makeProblem('unexpected', 0, t('error.unexpected_title'), t('error.page_detail')));
}

/** Any failure as an [`ApiError`]; a programming error keeps its message as evidence. */
export function asApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  const problem = makeProblem('unexpected', 0, t('error.unexpected_title'), t('error.page_detail'));
  return new ApiError({ ...problem, evidence: String(cause) });
}
