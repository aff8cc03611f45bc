// Axes: round steps for values in their unit, and for time where the reader lives.
import type { Unit } from '../types';
import { fromTheWall, onTheWall } from '../zone';

export interface ValueScale {
  /** The value at the upper edge. */
  top: number;
  ticks: number[];
}

const isBytes = (unit: Unit) => unit === 'bytes' || unit === 'bytes-per-second';

/** Smallest round step that cuts `top` into at most `most` parts: 1, 2, 2.5 or 5 of a power of ten; powers of two for bytes. */
export function roundStep(top: number, most: number, unit: Unit): number {
  const wanted = top / most;
  if (isBytes(unit)) return 2 ** Math.max(0, Math.ceil(Math.log2(wanted)));
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([1, 2, 2.5, 5].find((digit) => digit * power >= wanted * (1 - 1e-9)) ?? 10);
}

/** Below these an axis does not shrink: a quiet machine must not look busy. */
const LEAST: Record<Unit, number> = {
  percent: 5,
  bytes: 2 ** 20,
  'bytes-per-second': 2 ** 12,
  'per-second': 1,
  milliseconds: 1,
  celsius: 60,
  number: 1,
};

/** An axis from zero that holds `highest`; `max` is its upper edge where the values have one. */
export function valueScale(highest: number, unit: Unit, max?: number, most = 4): ValueScale {
  const least = max ?? Math.max(highest, LEAST[unit]);
  const step = roundStep(least, most, unit);
  const top = max ?? Math.ceil(least / step - 1e-9) * step;
  const count = Math.floor(top / step + 1e-9);
  return { top, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) };
}

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const MONTH = 30.5 * DAY;
const CLOCK_STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800].map((seconds) => seconds * SECOND);
const HOUR_STEPS = [1, 2, 3, 4, 6, 12];
const DAY_STEPS = [1, 2, 3, 5, 7, 14];
const MONTH_STEPS = [1, 2, 3, 6, 12];

/** What the label of a tick has to say. */
export type TickForm = 'second' | 'minute' | 'day' | 'month';
export interface TimeTick {
  at: number;
  form: TickForm;
}

/** At most about `most` round moments between two, in milliseconds since 1970, by the clocks of `zone` (IANA name; null for the browser's). */
export function timeTicks(from: number, to: number, most: number, zone: string | null = null): TimeTick[] {
  const wanted = (to - from) / Math.max(1, most);
  const start = onTheWall(from, zone);
  const [year, month, day] = [start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()];
  const ticks = (form: TickForm, nth: (n: number) => number) => ticksBetween([from, to], zone, form, nth);
  const clock = CLOCK_STEPS.find((step) => step >= wanted);
  if (clock) return clockTicks(from, to, clock, zone);
  const hours = HOUR_STEPS.find((step) => step * HOUR >= wanted);
  if (hours) return ticks('minute', (n) => Date.UTC(year, month, day, n * hours));
  const days = DAY_STEPS.find((step) => step * DAY >= wanted);
  if (days) return ticks('day', (n) => Date.UTC(year, month, day + n * days));
  const months = MONTH_STEPS.find((step) => step * MONTH >= wanted) ?? 12;
  return ticks('month', (n) => Date.UTC(year, (n + Math.floor(month / months)) * months));
}

function clockTicks(from: number, to: number, step: number, zone: string | null): TimeTick[] {
  const offset = from - onTheWall(from, zone).getTime();
  const form = step < 60 * SECOND ? 'second' : 'minute';
  const first = Math.ceil((from - offset) / step) * step + offset;
  const ticks: TimeTick[] = [];
  for (let at = first; at <= to; at += step) ticks.push({ at, form: atMidnight(at, zone) ? 'day' : form });
  return ticks;
}

// The calendar finds the days with 23 and 25 hours; an hour that the clocks skip has no tick of its own.
function ticksBetween([from, to]: readonly [number, number], zone: string | null, form: TickForm, nth: (n: number) => number): TimeTick[] {
  const ticks: TimeTick[] = [];
  let last = -Infinity;
  for (let n = 0, at = fromTheWall(nth(0), zone); at <= to; n += 1, at = fromTheWall(nth(n), zone)) {
    if (at >= from && at > last) ticks.push({ at, form: form === 'minute' && atMidnight(at, zone) ? 'day' : form });
    last = Math.max(last, at);
  }
  return ticks;
}

function atMidnight(at: number, zone: string | null): boolean {
  return onTheWall(at, zone).getTime() % DAY === 0;
}
