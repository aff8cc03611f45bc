// What the machine is about to run out of.
import type { Metrics } from '../../lib/types';

export interface Shortage {
  kind: 'space' | 'inodes' | 'memory';
  /** Where a file system is mounted; empty for memory. */
  object: string;
  percent: number;
  /** Something fails already, or is about to. */
  grave: boolean;
  /** The chart that shows it. */
  chart: string;
}

const FULL_PERCENT = 90;
const GRAVE_PERCENT = 97;
/** Share of a minute in which some program waited for memory. A healthy machine stays below one percent. */
const PRESSURE_PERCENT = 10;
const GRAVE_PRESSURE_PERCENT = 40;

/** The shortages among the values of a moment, worst first, and that of memory over the last minute. */
export function shortages(values: Metrics['values'], memoryPressure: number | null): Shortage[] {
  const found = values.flatMap(({ family, object, value }): Shortage[] => {
    if (value <= FULL_PERCENT || (family !== 'space-used' && family !== 'inodes-used')) return [];
    const kind = family === 'space-used' ? 'space' : 'inodes';
    return [{ kind, object, percent: value, grave: value >= GRAVE_PERCENT, chart: kind }];
  });
  if (memoryPressure !== null && memoryPressure >= PRESSURE_PERCENT) {
    found.push({ kind: 'memory', object: '', percent: memoryPressure, grave: memoryPressure >= GRAVE_PRESSURE_PERCENT, chart: 'pressure' });
  }
  return found.sort((a, b) => Number(b.grave) - Number(a.grave) || b.percent - a.percent);
}
