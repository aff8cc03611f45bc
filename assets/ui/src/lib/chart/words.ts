// Values and moments of charts as readers see them. A number with its unit is one left-to-right run.
import { formatBytes, withHijri, zoned } from '../format';
import { cachedFormat, type Lang } from '../i18n';
import type { Unit } from '../types';
import type { TickForm } from './scale';

/** Two decimals below ten, one above: 0.25, 12.5. */
function number(value: number, lang: Lang): string {
  const digits = Math.abs(value) < 10 ? 2 : 1;
  return cachedFormat(`number ${digits}`, lang, (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: digits })).format(value);
}

/** A value with its unit: `12.5 %`, `1.5 KiB/s`, `0.4 ms`, `48 °C`. */
export function formatValue(value: number, unit: Unit, lang: Lang): string {
  switch (unit) {
    case 'bytes':
      return formatBytes(value, lang);
    case 'bytes-per-second':
      return `${formatBytes(value, lang)}/s`;
    case 'percent':
      return `${number(value, lang)} %`;
    case 'per-second':
      return `${number(value, lang)}/s`;
    case 'milliseconds':
      return `${number(value, lang)} ms`;
    case 'celsius':
      return `${number(value, lang)} °C`;
    case 'number':
      return number(value, lang);
  }
}

const FORMS: Record<TickForm, Intl.DateTimeFormatOptions> = {
  second: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  minute: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { day: 'numeric', month: 'short' },
  month: { month: 'short', year: 'numeric' },
};

/** A moment as short as a tick of an axis says it. */
export function formatTick(at: number, form: TickForm, lang: Lang): string {
  return cachedFormat(form, lang, (tag) => new Intl.DateTimeFormat(tag, zoned(FORMS[form]))).format(at);
}

/** A moment in full; with seconds where values are less than a minute apart. */
export function formatAt(at: number, stepMs: number, lang: Lang): string {
  const form = stepMs < 60_000 ? 'second' : 'minute';
  const options = { ...FORMS[form], day: 'numeric', month: 'short', year: 'numeric' } as const;
  return withHijri(cachedFormat(`at ${form}`, lang, (tag) => new Intl.DateTimeFormat(tag, zoned(options))).format(at), at, lang);
}

/** A stretch of time; what both ends share is said once. */
export function formatSpan(from: number, to: number, lang: Lang): string {
  const form = to - from < 600_000 ? 'second' : 'minute';
  const options = { ...FORMS[form], day: 'numeric', month: 'short', year: 'numeric' } as const;
  return cachedFormat(`at ${form}`, lang, (tag) => new Intl.DateTimeFormat(tag, zoned(options))).formatRange(from, to);
}
