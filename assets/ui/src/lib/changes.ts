// Every change that needs a look goes the same way: dry run → plan → apply by the plan's id.
import { asApiError, client, isJobAnswer, send } from './client';
import { track } from './jobs.svelte';
import { changes, type PendingChange } from './pending.svelte';
import { notify } from './toast.svelte';
import { t } from './locale.svelte';
import { jobFailure } from './problem';
import type { Plan, Site } from './types';

/** Changes whose plan can be taken back as a whole. */
const UNDOABLE = ['plan.undo', 'site.disable', 'site.enable', 'site.switch-many', 'site.undo', 'site.update'];

/** Opens the plan dialog. Problems of the dry run are the caller's: it shows them at the fields. */
export async function propose(replan: () => Promise<Plan>, done: (answer: unknown) => void, options: Pick<PendingChange, 'loss' | 'undo'> = {}): Promise<void> {
  changes.pending = { plan: await replan(), replan, done, ...options };
}

/** Says that a plan was applied, and offers to take it back where that can be done. */
export function notifyApplied({ done, undo = true }: PendingChange, plan: Plan): void {
  const params = { path: { id: plan.id } };
  const back = () => runNow(() => send(client.POST('/api/v1/plans/{id}/undo', { params })), t('plan.undone')).then((well) => well && done(null));
  notify(t('plan.applied'), { undo: undo && UNDOABLE.includes(plan.operation) ? () => void back() : undefined });
}

export function dropPending(): void {
  changes.pending = null;
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
export async function runNow(run: () => Promise<unknown>, said: string, undo?: (answer: unknown) => Promise<unknown>, undone?: string): Promise<boolean> {
  let answer: unknown;
  try {
    answer = await finished(await run());
  } catch (cause) {
    notify(asApiError(cause).message, { tone: 'danger' });
    return false;
  }
  notify(said, { undo: undo && undone ? () => void runNow(() => undo(answer), undone) : undefined });
  return true;
}

/** Whether an answer is a site. */
export function isSite(answer: unknown): answer is Site {
  return typeof answer === 'object' && answer !== null && 'https_url' in answer;
}
