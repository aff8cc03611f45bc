// Values and moments of charts as readers see them. A number with its unit is one left-to-right run.
import { formatBytes } from '../format';
import { formatTag, type Lang } from '../i18n';
import type { Unit } from '../types';
import type { TickForm } from './scale';

const formats = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

function cached<Format extends Intl.DateTimeFormat | Intl.NumberFormat>(key: string, make: () => Format): Format {
  const known = formats.get(key) as Format | undefined;
  if (known) return known;
  const made = make();
  formats.set(key, made);
  return made;
}

/** Two decimals below ten, one above: 0.25, 12.5. */
function number(value: number, lang: Lang): string {
  const digits = Math.abs(value) < 10 ? 2 : 1;
  return cached(`number ${digits} ${lang}`, () => new Intl.NumberFormat(formatTag(lang), { maximumFractionDigits: digits })).format(value);
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
  return cached(`${form} ${lang}`, () => new Intl.DateTimeFormat(formatTag(lang), FORMS[form])).format(at);
}

/** A moment in full; with seconds where values are less than a minute apart. */
export function formatAt(at: number, stepMs: number, lang: Lang): string {
  const form = stepMs < 60_000 ? 'second' : 'minute';
  const options = { ...FORMS[form], day: 'numeric', month: 'short', year: 'numeric' } as const;
  return cached(`at ${form} ${lang}`, () => new Intl.DateTimeFormat(formatTag(lang), options)).format(at);
}

/** A stretch of time; what both ends share is said once. */
export function formatSpan(from: number, to: number, lang: Lang): string {
  const form = to - from < 600_000 ? 'second' : 'minute';
  const options = { ...FORMS[form], day: 'numeric', month: 'short', year: 'numeric' } as const;
  return cached(`at ${form} ${lang}`, () => new Intl.DateTimeFormat(formatTag(lang), options)).formatRange(from, to);
}
