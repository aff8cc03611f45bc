// A history of single seconds that goes on with what the stream brings.
import type { Family, History, Metrics } from '../types';
import type { Values } from './shape';

/** How many seconds are looked at. */
export const LIVE_S = 300;

/** `history` with one more moment; what is older than [`LIVE_S`] falls off. Nothing changes when the moment is not newer. */
export function extended(history: History, figures: Metrics, families: readonly Family[]): History {
  const stepMs = history.step_s * 1000;
  const from = Date.parse(history.from);
  const cell = Math.floor((Date.parse(figures.at) - from) / stepMs);
  const length = history.lines[0]?.mean.length ?? 0;
  if (cell < length) return history;
  const drop = Math.max(0, cell + 1 - Math.ceil(LIVE_S / history.step_s));
  const grown = (values: Values, value: number | null) => [...values, ...new Array<null>(cell - length).fill(null), value].slice(drop);
  const empty = new Array<null>(length).fill(null);
  const measured = figures.values.filter(({ family }) => families.includes(family));
  const known = history.lines.map((line) => {
    const value = measured.find(({ family, object }) => family === line.family && object === line.object)?.value ?? null;
    return { ...line, mean: grown(line.mean, value), peak: grown(line.peak, value) };
  });
  // A disk or an interface that was not there before.
  const fresh = measured.flatMap(({ family, object, value }) => {
    const alike = history.lines.filter((line) => line.family === family);
    if (!alike[0] || alike.some((line) => line.object === object)) return [];
    return [{ ...alike[0], object, mean: grown(empty, value), peak: grown(empty, value) }];
  });
  return { ...history, from: new Date(from + drop * stepMs).toISOString(), lines: [...known, ...fresh] };
}

/** The lines of `families` added up, moment by moment. */
export function sums(history: History | null | undefined, families: readonly Family[]): Values {
  const lines = (history?.lines ?? []).filter((line) => families.includes(line.family));
  return (lines[0]?.mean ?? []).map((_, index) => {
    const known = lines.map((line) => line.mean[index] ?? null).filter((value) => value !== null);
    return known.length > 0 ? known.reduce((a, b) => a + b, 0) : null;
  });
}
