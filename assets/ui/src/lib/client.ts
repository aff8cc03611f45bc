// The one way to the API: CSRF header, language, problems as exceptions, sign-in when the session has ended.
import createClient, { type Middleware } from 'openapi-fetch';
import type { paths } from './api';
import { locale, t } from './locale.svelte';
import { ApiError, isProblem, makeProblem } from './problem';
import { session } from './session.svelte';
import type { Job, Plan } from './types';

const preparation: Middleware = {
  onRequest({ request }) {
    request.headers.set('Accept-Language', locale.lang);
    if (request.method !== 'GET' && session.current) request.headers.set('X-Manara-CSRF', session.current.csrf);
    return request;
  },
};

export const client = createClient<paths>({ credentials: 'same-origin' });
client.use(preparation);

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
 * Whatever a request answers: its data, a plan or a job; a refusal is an [`ApiError`]. A 401 ends the session of this
 * tab, which brings up the sign-in page.
 */
export async function send<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch {
    throw new ApiError(makeProblem('offline', 0, t('error.offline_title'), t('error.offline_detail')));
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  if (response.status === 401 && session.current) session.ended();
  if (isProblem(error)) throw new ApiError(error);
  throw new ApiError(makeProblem('unexpected', response.status, t('error.unexpected_title'), t('error.unexpected_detail', { status: response.status })));
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
