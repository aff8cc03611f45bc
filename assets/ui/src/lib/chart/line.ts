import type { Values } from './shape';

/** The second four are the colours of the first four, dashed. */
export type Tone = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** A line of a chart. */
export interface ChartLine {
  key: string;
  /** In words, for reading aloud. */
  name: string;
  /** What is measured, where there are several families. */
  what: string | null;
  /** Of which disk, interface …: a technical name. */
  object: string;
  tone: Tone;
  mean: Values;
  peak: Values;
}
