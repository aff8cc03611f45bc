// What the address of the page says about the log that is shown, and the parameters of the API for it.
import { currentDisplay } from '../../lib/i18n';
import type { KnownLog, LogLevel, LogName } from '../../lib/types';
import { fromTheWall } from '../../lib/zone';

export const RANGES = { '15m': 900, '1h': 3600, '24h': 86_400 } as const;
export type RangeName = keyof typeof RANGES | 'custom' | '';

export interface LogQuery {
  source: LogName;
  site: string;
  unit: string;
  q: string;
  level: LogLevel | '';
  range: RangeName;
  from: string;
  until: string;
}

const SOURCES: readonly LogName[] = ['panel', 'nginx-access', 'nginx-error', 'site', 'unit'];
const LEVELS: readonly LogLevel[] = ['error', 'warning', 'info', 'debug'];

const oneOf = <T extends string>(known: readonly T[], text: string | null): T | undefined => known.find((name) => name === text);

/** The query of an address; what is unknown is as if it were not there. */
export function readQuery(query: URLSearchParams): LogQuery {
  const get = (name: string) => query.get(name) ?? '';
  return {
    source: oneOf(SOURCES, query.get('source')) ?? 'panel',
    site: get('site'),
    unit: get('unit'),
    q: get('q'),
    level: oneOf(LEVELS, query.get('level')) ?? '',
    range: oneOf(['15m', '1h', '24h', 'custom'], query.get('range')) ?? '',
    from: get('from'),
    until: get('until'),
  };
}

/** A moment as `datetime-local` fields have it, by the reader's clock, in UTC for the API; nothing where it cannot be read. */
function moment(text: string): string | undefined {
  const wall = Date.parse(`${text}Z`);
  return Number.isNaN(wall) ? undefined : new Date(fromTheWall(wall, currentDisplay().timeZone)).toISOString();
}

/** The parameters for the API at the time `now`, without those that say nothing. */
export function apiQuery({ source, site, unit, q, level, range, from, until }: LogQuery, now: number) {
  const custom = range === 'custom';
  const begin = custom ? moment(from) : range ? new Date(now - RANGES[range] * 1000).toISOString() : undefined;
  const end = custom ? moment(until) : undefined;
  return {
    ...(source === 'site' && { site }),
    ...(source === 'unit' && { unit }),
    ...(q && { q }),
    ...(level && { level }),
    ...(begin && { from: begin }),
    ...(end && { until: end }),
  };
}

/** Whether something is looked for, so that an empty answer does not mean an empty log. */
export const isFiltered = ({ q, level, range }: LogQuery): boolean => Boolean(q || level || range);

/** Whether new entries can come. */
export const isOpen = ({ range, until }: LogQuery): boolean => range !== 'custom' || !until;

/** Whether its entries are requests. */
export const isAccess = (source: LogName): boolean => source === 'nginx-access' || source === 'site';

/** How a log stands in the choice, and back. */
export const choiceOf = ({ source, unit }: Pick<KnownLog, 'source' | 'unit'>): string => (source === 'unit' ? `unit ${unit}` : source);
export function chosen(choice: string): Record<string, string> {
  const [source = 'panel', unit = ''] = choice.split(' ');
  return { source: source === 'panel' ? '' : source, unit };
}
