// Which time is looked at: the last minutes, hours … up to now, or a stretch in the past. It is in the address.

export const RANGES = { '5m': 300, '1h': 3_600, '6h': 21_600, '24h': 86_400, '7d': 604_800, '30d': 2_592_000, '1y': 31_536_000 } as const;
export type Range = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as Range[];

export interface Span {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
}

export interface View {
  /** What is shown when the view follows the present. */
  range: Range;
  /** The stretch that is looked at instead. */
  fixed: Span | null;
}

/** What an address without a range means, where a page does not say otherwise. */
const DEFAULT: Range = '5m';
/** Several of the finest steps that are kept for long. */
const SHORTEST_MS = 60_000;
/** How far back anything is kept. */
const LONGEST_MS = 2 * 366 * 86_400_000;

const isRange = (name: string | null): name is Range => name !== null && Object.hasOwn(RANGES, name);

/** The view that an address asks for; nonsense in it is as if it were not there. Without a range it is `usual`. */
export function readView(query: URLSearchParams, usual: Range = DEFAULT): View {
  const name = query.get('range');
  const [from, to] = ['from', 'to'].map((key) => Date.parse(query.get(key) ?? ''));
  const fixed = from !== undefined && to !== undefined && to > from ? { from, to } : null;
  return { range: isRange(name) ? name : usual, fixed };
}

const second = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** What the address has to say for `view` on a page whose usual range is `usual`. */
export function viewQuery({ range, fixed }: View, usual: Range = DEFAULT): Record<string, string> {
  return {
    range: range === usual ? '' : range,
    from: fixed ? second(fixed.from) : '',
    to: fixed ? second(fixed.to) : '',
  };
}

/** `span`, moved and cut so that it lies between what is kept and `now`, and on whole seconds. */
export function within(span: Span, now: number): Span {
  const length = Math.min(Math.max(span.to - span.from, SHORTEST_MS), LONGEST_MS);
  const to = Math.min(Math.max(span.to, now - LONGEST_MS + length), now);
  return { from: Math.floor((to - length) / 1000) * 1000, to: Math.ceil(to / 1000) * 1000 };
}

/** `factor` times as much time; the moment `at` keeps its place. */
export function zoomed(span: Span, factor: number, at: number, now: number): Span {
  return within({ from: at - (at - span.from) * factor, to: at + (span.to - at) * factor }, now);
}

/** Moved by a share of its length; negative is earlier. */
export function panned(span: Span, share: number, now: number): Span {
  const by = (span.to - span.from) * share;
  return within({ from: span.from + by, to: span.to + by }, now);
}
