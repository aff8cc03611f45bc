// Days in an address, as moments for the API: from the beginning of the first to the end of the last, in the reader's zone.
import { currentDisplay } from './i18n';
import { fromTheWall } from './zone';

const DAY_MS = 86_400_000;

function midnight(day: string, later: number): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const wall = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(wall)) return undefined;
  return new Date(fromTheWall(wall + later * DAY_MS, currentDisplay().timeZone)).toISOString();
}

/** Filters with their days `from` and `until` (both included) as moments; what is no day is left out. */
export function withPeriod<Given extends { from?: string; until?: string }>(given: Given): Given {
  const { from, until, ...rest } = given;
  const [begin, end] = [midnight(from ?? '', 0), midnight(until ?? '', 1)];
  return { ...rest, ...(begin && { from: begin }), ...(end && { until: end }) } as Given;
}
