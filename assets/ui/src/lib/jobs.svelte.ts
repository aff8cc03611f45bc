// Jobs that the progress panel shows: those that run, and those that this tab started and that have just ended.
import { call, client } from './client';
import { on, onReconnect } from './events.svelte';
import { go } from './location.svelte';
import type { Job } from './types';

let tracked = $state.raw<Job[]>([]);
const waiting = new Map<string, (job: Job) => void>();
const dismissed = new Set<string>();

export function isRunning(job: Pick<Job, 'state'>): boolean {
  return job.state === 'queued' || job.state === 'running';
}

export const jobs = {
  get tracked(): Job[] {
    return tracked;
  },
};

function settle(job: Job): void {
  if (isRunning(job)) return;
  waiting.get(job.id)?.(job);
  waiting.delete(job.id);
}

function take(job: Job): void {
  settle(job);
  if (dismissed.has(job.id)) return;
  const known = tracked.some((entry) => entry.id === job.id);
  if (known) tracked = tracked.map((entry) => (entry.id === job.id ? { ...entry, ...job } : entry));
  else if (isRunning(job)) tracked = [...tracked, job];
}

async function refresh(): Promise<void> {
  const page = await call(client.GET('/jobs', { params: { query: { state: 'running', limit: 20 } } }));
  for (const job of page.items) take(job);
  for (const id of waiting.keys()) {
    if (!page.items.some((job) => job.id === id)) take(await call(client.GET('/jobs/{id}', { params: { path: { id } } })));
  }
}

/** Follows jobs for as long as the shell is on the screen. */
export function followJobs(): () => void {
  refresh().catch(() => undefined);
  const stops = [on('job', take), onReconnect(() => refresh().catch(() => undefined))];
  return () => {
    for (const stop of stops) stop();
    tracked = [];
  };
}

/** Shows a job in the panel and answers when it has ended. */
export function track(job: Job): Promise<Job> {
  return new Promise((resolve) => {
    waiting.set(job.id, resolve);
    if (isRunning(job)) take(job);
    else settle(job);
  });
}

export function dismiss(id: string): void {
  dismissed.add(id);
  tracked = tracked.filter((job) => job.id !== id);
}

export function openJob(id: string): void {
  go(`/jobs/${encodeURIComponent(id)}`);
}
