// Failures of the API (RFC 9457) as one error type.
import { asciiDomain } from './idn';
import type { Job, Problem } from './types';

/** A failed request with the server's own words about it. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = 'ApiError';
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  /** How long to wait after too many attempts, in seconds; 0 when nothing is said. */
  get retryAfter(): number {
    return Number(this.problem.params.retry_s) || 0;
  }
}

/** A problem for an answer that is not one: no connection, or something between us and the server answered. */
export function makeProblem(code: string, status: number, title: string, detail: string): Problem {
  return { type: 'about:blank', title, status, detail, code, params: {}, errors: [], request_id: '' };
}

/** Why a job failed, under `title`, or null. */
export function jobFailure(job: Pick<Job, 'error'>, title: string): ApiError | null {
  if (!job.error) return null;
  const { code, detail, hint, evidence } = job.error;
  return new ApiError({
    ...makeProblem(code, 0, title, detail),
    ...(hint && { hint }),
    ...(evidence && { evidence }),
  });
}

/** Whether a body looks like problem details with our `code`. */
export function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'status' in body;
}

/** The messages for one field, and for what lies below it (`aliases` also takes `aliases[2]`). */
export function fieldErrors(problem: Problem | null, field: string): string[] {
  const errors = problem?.errors ?? [];
  const owns = (name: string) => name === field || name.startsWith(`${field}[`) || name.startsWith(`${field}.`);
  return errors.filter((error) => owns(error.field)).map((error) => error.detail);
}

/** The messages for fields that the form does not show: they must not get lost. */
export function otherErrors(problem: Problem | null, shown: readonly string[]): string[] {
  const errors = problem?.errors ?? [];
  const owned = (name: string) => shown.some((field) => name === field || name.startsWith(`${field}[`) || name.startsWith(`${field}.`));
  return errors.filter((error) => !owned(error.field)).map((error) => error.detail);
}

/** Refusals of a name that was typed: another site, another change or a folder already has it. */
const NAME_TAKEN = ['site_exists', 'name_reserved', 'site_folder_exists'];

/** The same problem, told at the field of the name it is about; a name that was not typed belongs to the `main` field. */
export function atNames(problem: Problem, main: string, aliases: readonly string[]): Problem {
  if (!NAME_TAKEN.includes(problem.code) || problem.errors.length > 0) return problem;
  const name = asciiDomain(problem.params.domain ?? problem.params.name ?? '');
  const index = aliases.findIndex((alias) => asciiDomain(alias) === name);
  const detail = [problem.detail, problem.hint].filter(Boolean).join(' ');
  return { ...problem, errors: [{ field: index < 0 ? main : `aliases[${index}]`, code: problem.code, detail }] };
}
