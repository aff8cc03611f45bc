// One stream of server-sent events per tab (HTML Standard §9.2), with our own reconnection so that the state can be
// shown: live, reconnecting, or stale.
import { listeners, type Name, opened, reconnected, stream } from './events.svelte';

const TOPICS = '/api/v1/events?topics=jobs,sites,metrics,settings,audit';
const NAMES: readonly Name[] = ['job', 'job-output', 'site', 'metrics', 'guard', 'audit', 'processes', 'services'];
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** Figures come every second: after a longer silence something may have been missed. */
const SILENCE_MS = 5_000;

let source: EventSource | null = null;
/** The one that goes on until `source` is open. */
let former: EventSource | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let delay = FIRST_DELAY_MS;
/** Further topics that are wanted, and those that `source` has. */
let more = '';
let carried = '';
/** When `source` last showed that it is alive. */
let aliveAt = 0;
/** Number of the last event, and of the last one of `former`: what both brought counts once. */
let lastId = 0;
let heard = 0;

function receive(name: Name, event: MessageEvent<string>): void {
  aliveAt = Date.now();
  lastId = Number(event.lastEventId);
  if (lastId <= heard) return;
  stream.lastEventAt = aliveAt;
  const data = JSON.parse(event.data) as never;
  for (const listener of listeners.get(name) ?? []) listener(data);
}

/** Between half and the whole delay, so that many tabs do not come in the same moment; then twice as long. */
function later(what: () => void): void {
  clearTimeout(retry);
  retry = setTimeout(what, delay * (0.5 + Math.random() / 2));
  delay = Math.min(delay * 2, LONGEST_DELAY_MS);
}

function connect(): void {
  former = source;
  const carriedBefore = carried;
  carried = more;
  const next = new EventSource(TOPICS + more);
  source = next;
  next.onopen = () => {
    const first = stream.link === 'connecting';
    const whole = stream.link === 'live' && Date.now() - aliveAt < SILENCE_MS;
    former?.close();
    former = null;
    heard = whole ? lastId : 0;
    aliveAt = Date.now();
    stream.link = 'live';
    delay = FIRST_DELAY_MS;
    if (!whole) for (const listener of first ? opened : reconnected) listener();
    carry(more);
  };
  next.onerror = () => {
    next.close();
    if (source === next && former?.readyState === EventSource.OPEN) {
      // Refused, but the one before goes on.
      source = former;
      former = null;
      carried = carriedBefore;
      later(() => carry(more));
      return;
    }
    stream.link = 'reconnecting';
    // The next one is on its way.
    if (source !== next) return;
    former?.close();
    later(connect);
  };
  for (const name of NAMES) next.addEventListener(name, (event) => receive(name, event as MessageEvent<string>));
}

/** Has the stream carry further topics, each with a comma before it, instead of those that were asked for before. */
export function carry(topics: string): void {
  more = topics;
  // What was refused is wanted no more: a connection that is lost now comes back soon.
  if (carried === more) delay = FIRST_DELAY_MS;
  if (source && !former && stream.link === 'live' && carried !== more) connect();
}

/** Opens the stream; does nothing when it is open. */
export function openStream(): void {
  if (source) return;
  stream.link = 'connecting';
  connect();
}

export function closeStream(): void {
  clearTimeout(retry);
  former?.close();
  source?.close();
  former = source = null;
}
