// What the panel tells a tab while it happens: who listens, and how the connection is. The connection itself comes when
// the frame is on the screen (`connection.ts`).
import type { Job, Metrics, ProcessList, ServiceList } from './types';

interface EventData {
  job: Pick<Job, 'id' | 'operation' | 'state'>;
  'job-output': { id: string; text: string };
  site: { id: string; change: 'created' | 'updated' | 'deleted' };
  metrics: Metrics;
  /** `pending`, `confirmed` or `reverted`. */
  guard: { state: string };
  /** Something was done to the panel's own rows; only for who may read the audit trail. */
  audit: { operation: string; target: string };
  /** The first by processor time and by memory; null where looking failed. */
  processes: ProcessList | null;
  services: ServiceList | null;
}
export type Name = keyof EventData;
type Listener<N extends Name> = (data: EventData[N]) => void;
type Link = 'connecting' | 'live' | 'reconnecting';

export const stream = $state({
  link: 'connecting' as Link,
  /** When something last came over the stream, in milliseconds since 1970; 0 before the first event. */
  lastEventAt: 0,
});

export const listeners = new Map<Name, Set<(data: never) => void>>();
export const reconnected = new Set<() => void>();
export const opened = new Set<() => void>();

/** Calls `listener` for every event `name`; the answer stops it, which fits `$effect`. */
export function on<N extends Name>(name: N, listener: Listener<N>): () => void {
  const set = listeners.get(name) ?? new Set();
  listeners.set(name, set);
  set.add(listener);
  return () => set.delete(listener);
}

/** Calls `listener` when the stream is back after a break: what happened in between has to be read again. */
export function onReconnect(listener: () => void): () => void {
  reconnected.add(listener);
  return () => reconnected.delete(listener);
}

/** Calls `listener` when the stream opens for the first time: what was read before may have changed unheard. */
export function onOpen(listener: () => void): () => void {
  opened.add(listener);
  return () => opened.delete(listener);
}
