// Every change that needs a look goes the same way: dry run → plan → apply by the plan's id.
import { asApiError, client, isJobAnswer, send } from './client';
import { track } from './jobs.svelte';
import { notify } from './toast.svelte';
import { t } from './locale.svelte';
import { jobFailure } from './problem';
import type { Plan, Site } from './types';

export interface PendingChange {
  plan: Plan;
  /** Makes the plan again, when something moved before it was applied. */
  replan: () => Promise<Plan>;
  /** Called after the change was applied, with the answer where there is one at once. */
  done: (answer: unknown) => void;
}

let pending = $state.raw<PendingChange | null>(null);

export const changes = {
  get pending(): PendingChange | null {
    return pending;
  },
};

/** Opens the plan dialog. Problems of the dry run are the caller's: it shows them at the fields. */
export async function propose(replan: () => Promise<Plan>, done: (answer: unknown) => void): Promise<void> {
  pending = { plan: await replan(), replan, done };
}

export function dropPending(): void {
  pending = null;
}

/** Applies a plan; waits for the job where it became one. The answer of a job is not known here: read the object again. */
export async function applyPlan(id: string): Promise<unknown> {
  return finished(await send(client.POST('/api/v1/plans/{id}/apply', { params: { path: { id } } })));
}

/** The answer of a change; where it goes on as a job, waits for its end and answers null. */
export async function finished(answer: unknown): Promise<unknown> {
  if (!isJobAnswer(answer)) return answer;
  const failure = jobFailure(await track(answer.job), t('jobs.failed_title'));
  if (failure) throw failure;
  return null;
}

/** Whether applying failed because the plan no longer fits what is there, or has expired. */
export function isStale(cause: unknown): boolean {
  return ['plan_stale', 'plan_not_found', 'plan_used'].includes(asApiError(cause).code);
}

/** Runs a small reversible change at once and offers to undo it. */
export async function runNow(run: () => Promise<unknown>, said: string, undo?: () => Promise<unknown>, undone?: string): Promise<boolean> {
  try {
    await finished(await run());
  } catch (cause) {
    notify(asApiError(cause).message, { tone: 'danger' });
    return false;
  }
  notify(said, { undo: undo && undone ? () => void runNow(undo, undone) : undefined });
  return true;
}

/** Whether an answer is a site. */
export function isSite(answer: unknown): answer is Site {
  return typeof answer === 'object' && answer !== null && 'https_url' in answer;
}
