// Jobs that the progress panel shows: those that run, and those that this tab started and that have just ended.
import { call, client } from './client';
import { on, onReconnect } from './events.svelte';
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
  if (known) tracked = tracked.map((entry) => (entry.id === job.id ? job : entry));
  else if (isRunning(job)) tracked = [...tracked, job];
}

const fetchJob = (id: string) => call(client.GET('/api/v1/jobs/{id}', { params: { path: { id } } }));

/** Reads a job of which an event told; the event carries its state only. */
function follow({ id }: { id: string }): void {
  fetchJob(id).then(take, () => undefined);
}

function showLine({ id, text }: { id: string; text: string }): void {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  if (line) tracked = tracked.map((job) => (job.id === id ? { ...job, message: line } : job));
}

async function refresh(): Promise<void> {
  const page = await call(client.GET('/api/v1/jobs', { params: { query: { state: 'running', limit: 20 } } }));
  page.items.forEach(take);
  const ended = [...waiting.keys()].filter((id) => !page.items.some((job) => job.id === id));
  for (const id of ended) take(await fetchJob(id));
}

/** Follows jobs for as long as the shell is on the screen. */
export function followJobs(): () => void {
  const again = () => void refresh().catch(() => undefined);
  again();
  const stops = [on('job', follow), on('job-output', showLine), onReconnect(again)];
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
