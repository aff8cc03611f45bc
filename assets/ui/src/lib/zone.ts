// Clock and calendar of the reader's time zone, which need not be the browser's.
import { cachedFormat } from './i18n';

const SECOND = 1000;

/** How far the clocks of `zone` are ahead of UTC at a moment, in milliseconds; without a zone, those of the browser. */
function ahead(at: number, zone: string | null): number {
  if (!zone) return -new Date(at).getTimezoneOffset() * 60 * SECOND;
  const format = cachedFormat(`clock ${zone}`, 'en', (tag) => {
    const [date, time] = [{ year: 'numeric', month: 'numeric', day: 'numeric' }, { hour: 'numeric', minute: 'numeric', second: 'numeric' }] as const;
    return new Intl.DateTimeFormat(tag, { ...date, ...time, hourCycle: 'h23', timeZone: zone });
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / SECOND) * SECOND;
}

/** What the clocks of `zone` show at a moment: a date whose UTC fields are the local ones. */
export function onTheWall(at: number, zone: string | null): Date {
  return new Date(at + ahead(at, zone));
}

/** The moment at which the clocks of `zone` show `wall`; where they skip it, one before or after the gap. */
export function fromTheWall(wall: number, zone: string | null): number {
  const near = wall - ahead(wall, zone);
  return wall - ahead(near, zone);
}
