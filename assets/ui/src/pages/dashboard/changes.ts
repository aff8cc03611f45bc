// The newest changes: of the audit trail where it may be read, of the list of jobs otherwise.
import { actorName } from '../../lib/actors';
import { auditResult } from '../../lib/audit';
import { call, client } from '../../lib/client';
import { isRunning } from '../../lib/jobs.svelte';
import { t } from '../../lib/locale.svelte';
import { may } from '../../lib/session.svelte';
import type { AuditRow, Job } from '../../lib/types';
import { gone, historyOf, type Done } from './gone';

export interface RecentChange {
  key: string;
  operation: string;
  summary: string;
  who: string;
  at: string;
  target: string;
  /** Technical names of what was changed, where the target does not tell. */
  names: string[];
  result: { tone: string; text: string };
  /** Its history where the object has one, else the entry in the trail or the job. */
  href: string;
}

const SHOWN = 8;
const JOB_TONES: Record<Job['state'], string> = { queued: '', running: 'info', done: 'ok', failed: 'danger', cancelled: '', undone: 'warn' };

/** Changes as the trail has them. */
export function ofTrail(rows: readonly AuditRow[]): RecentChange[] {
  const read = (row: AuditRow): Done => ({ ...row, done: row.result === 'done' });
  const names = gone(rows.map(read));
  return rows.map((row) => ({
    key: String(row.seq),
    operation: row.operation,
    summary: row.summary,
    who: row.who,
    at: row.at,
    target: row.operation === 'setting.update' ? '' : row.target,
    names: row.operation === 'setting.update' ? Object.keys(row.after ?? {}) : [],
    result: auditResult(row.result),
    href: historyOf(read(row), names) ?? `/audit?${new URLSearchParams({ operation: row.operation, target: row.target })}`,
  }));
}

/** Changes as the list of jobs has them: for those who may not read the trail. It does not tell what a site was called before. */
export function ofJobs(jobs: readonly Job[]): RecentChange[] {
  return jobs.map((job) => ({
    key: job.id,
    operation: job.operation,
    summary: job.summary,
    who: actorName(job.actor),
    at: job.created_at,
    target: job.target,
    names: [],
    result: { tone: JOB_TONES[job.state], text: t(`job_state.${job.state}`) },
    href: `/jobs/${job.id}`,
  }));
}

export interface Recent {
  changes: RecentChange[];
  running: Job[];
}

/** The newest changes, and the jobs that run. */
export async function recentChanges(): Promise<Recent> {
  const jobs = (query: { state?: 'running'; limit: number }) => call(client.GET('/api/v1/jobs', { params: { query } })).then(({ items }) => items);
  const trail = () => call(client.GET('/api/v1/audit', { params: { query: { changes: true, limit: SHOWN } } })).then(({ items }) => ofTrail(items));
  const [running, changes] = await Promise.all([jobs({ state: 'running', limit: SHOWN }), may('audit-read') ? trail() : jobs({ limit: SHOWN }).then((all) => ofJobs(all.filter((job) => !isRunning(job))))]);
  return { changes, running };
}
