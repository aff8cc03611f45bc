// One stream of server-sent events per tab (HTML Standard §9.2), with our own reconnection so that the state can be
// shown: live, reconnecting, or stale.
import type { Job, Metrics } from './types';

interface EventData {
  job: Pick<Job, 'id' | 'operation' | 'state'>;
  'job-output': { id: string; text: string };
  site: { id: string; change: 'created' | 'updated' | 'deleted' };
  metrics: Metrics;
  /** `pending`, `confirmed` or `reverted`. */
  guard: { state: string };
  /** Something was done to the panel's own rows; only for who may read the audit trail. */
  audit: { operation: string; target: string };
}
type Name = keyof EventData;
type Listener<N extends Name> = (data: EventData[N]) => void;
type Link = 'connecting' | 'live' | 'reconnecting';

const URL = '/api/v1/events?topics=jobs,sites,metrics,settings,audit';
const NAMES: readonly Name[] = ['job', 'job-output', 'site', 'metrics', 'guard', 'audit'];
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

let link = $state<Link>('connecting');
let lastEventAt = $state(0);
let source: EventSource | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let delay = FIRST_DELAY_MS;
const listeners = new Map<Name, Set<(data: never) => void>>();
const reconnected = new Set<() => void>();

export const stream = {
  get link(): Link {
    return link;
  },
  /** When something last came over the stream, in milliseconds since 1970; 0 before the first event. */
  get lastEventAt(): number {
    return lastEventAt;
  },
};

function receive(name: Name, event: MessageEvent<string>): void {
  lastEventAt = Date.now();
  const data = JSON.parse(event.data) as never;
  for (const listener of listeners.get(name) ?? []) listener(data);
}

function connect(): void {
  const opened = new EventSource(URL);
  source = opened;
  opened.onopen = () => {
    const again = link === 'reconnecting';
    link = 'live';
    delay = FIRST_DELAY_MS;
    if (again) for (const listener of reconnected) listener();
  };
  opened.onerror = () => {
    opened.close();
    link = 'reconnecting';
    // Between half and the whole delay, so that many tabs do not come back in the same moment.
    retry = setTimeout(connect, delay * (0.5 + Math.random() / 2));
    delay = Math.min(delay * 2, LONGEST_DELAY_MS);
  };
  for (const name of NAMES) opened.addEventListener(name, (event) => receive(name, event as MessageEvent<string>));
}

/** Opens the stream; does nothing when it is open. */
export function openStream(): void {
  if (source) return;
  link = 'connecting';
  connect();
}

export function closeStream(): void {
  clearTimeout(retry);
  source?.close();
  source = null;
}

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
