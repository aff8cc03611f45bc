// From values to the `d` of SVG paths. Where nothing was measured there is a gap.

/** A value, or nothing where none was measured. */
export type Values = readonly (number | null)[];
type Place = (index: number) => number;
type Height = (value: number) => number;

/**
 * Stretches of indices that have values. One missing value does not break a line: a sampler that is a millisecond late
 * leaves a second empty, and an outage lasts longer.
 */
export function stretches(values: Values): number[][] {
  const found: number[][] = [];
  let last = -Infinity;
  values.forEach((value, index) => {
    if (value === null) return;
    if (index - last > 2) found.push([]);
    found.at(-1)?.push(index);
    last = index;
  });
  return found;
}

const round = (value: number) => Math.round(value * 10) / 10;
const points = (indices: number[], values: Values, x: Place, y: Height) =>
  indices.map((index) => `${round(x(index))},${round(y(values[index] ?? 0))}`).join('L');

/** A line; a single value becomes a dot, drawn by the round ends of the stroke. */
export function linePath(values: Values, x: Place, y: Height): string {
  return stretches(values)
    .map((indices) => `M${points(indices, values, x, y)}${indices.length === 1 ? 'h.1' : ''}`)
    .join('');
}

/** The area between two lines that have their gaps in the same places. */
export function areaPath(low: Values, high: Values, x: Place, y: Height): string {
  return stretches(high)
    .map((indices) => `M${points(indices, high, x, y)}L${points([...indices].reverse(), low, x, y)}Z`)
    .join('');
}

/** Each line on top of those before it. A moment that one of them has is a moment of all. */
export function stacked(lines: readonly Values[]): Values[] {
  const length = Math.max(0, ...lines.map((line) => line.length));
  const known = Array.from({ length }, (_, index) => lines.some((line) => (line[index] ?? null) !== null));
  const sums = new Array<number>(length).fill(0);
  return lines.map((line) => known.map((there, index) => (there ? (sums[index] = (sums[index] ?? 0) + (line[index] ?? 0)) : null)));
}

/** Joins every `factor` values into one by `join`; what has none stays empty. */
export function joined(values: Values, factor: number, join: (part: number[]) => number): Values {
  if (factor <= 1) return values;
  return Array.from({ length: Math.ceil(values.length / factor) }, (_, index) => {
    const part = values.slice(index * factor, (index + 1) * factor).filter((value) => value !== null);
    return part.length > 0 ? join(part) : null;
  });
}

export const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
export const greatest = (values: number[]) => values.reduce((a, b) => Math.max(a, b));

/** Latest, mean and greatest of a line; null where nothing was measured. */
export function summary(means: Values, peaks: Values): { latest: number; mean: number; peak: number } | null {
  const known = means.filter((value) => value !== null);
  const high = peaks.filter((value) => value !== null);
  const latest = known.at(-1);
  if (latest === undefined) return null;
  return { latest, mean: mean(known), peak: greatest(high.length > 0 ? high : known) };
}
