// Values as readers see them. Numbers with a unit are one left-to-right run; callers wrap them in <bdi class="ltr">.
import { cachedFormat, currentDisplay, formatNumber, type Lang } from './i18n';

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes with a binary unit, at most one decimal: `1536` → `1.5 KiB`. */
export function formatBytes(bytes: number, lang: Lang): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1024 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${formatNumber(value, lang)} ${BINARY_UNITS[unit]}`;
}

const RELATIVE_STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** How long ago (or how far ahead) a moment is, in words: “3 minutes ago”. */
export function formatRelative(at: number, now: number, lang: Lang): string {
  const seconds = Math.round((at - now) / 1000);
  const format = cachedFormat('relative', lang, (tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto' }));
  for (const [unit, size] of RELATIVE_STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(seconds, 'second');
}

/** A calendar day for people: the Gregorian date, and the Hijri one beside it where the reader wants it. */
export function formatDay(at: number, lang: Lang): string {
  return withHijri(moments('day', lang, { dateStyle: 'medium' }).format(at), at, lang);
}

/** Date and time to the second, 24 hours, in the reader's time zone; the Hijri date beside it where the reader wants it. */
export function formatMoment(at: number, lang: Lang): string {
  return withHijri(moments('moment', lang, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }).format(at), at, lang);
}

function moments(name: string, lang: Lang, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return cachedFormat(name, lang, (tag) => new Intl.DateTimeFormat(tag, zoned(options)));
}

/** The options with the reader's time zone. */
export function zoned(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormatOptions {
  const { timeZone } = currentDisplay();
  return timeZone ? { ...options, timeZone } : options;
}

/** The Hijri date beside a Gregorian one, where the reader wants it. */
export function withHijri(gregorian: string, at: number, lang: Lang): string {
  if (currentDisplay().calendar === 'gregorian') return gregorian;
  const hijri = cachedFormat('hijri', lang, (tag) => {
    const options = zoned({ day: 'numeric', month: 'long', year: 'numeric' });
    return new Intl.DateTimeFormat(`${tag}${tag.includes('-u-') ? '' : '-u'}-ca-islamic-umalqura`, options);
  });
  return `${gregorian} (${hijri.format(at)})`;
}

/** Seconds in words: “60 seconds”. */
export function formatSeconds(seconds: number, lang: Lang): string {
  const format = cachedFormat('seconds', lang, (tag) => new Intl.NumberFormat(tag, { style: 'unit', unit: 'second', unitDisplay: 'long' }));
  return format.format(seconds);
}

/** A length of time as digits: `75` seconds → `1:15`. */
export function formatDuration(seconds: number, lang: Lang): string {
  const digits = cachedFormat('duration', lang, (tag) => new Intl.NumberFormat(tag, { minimumIntegerDigits: 2, useGrouping: false }));
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const first = hours > 0 ? [formatNumber(hours, lang), digits.format(minutes)] : [formatNumber(minutes, lang)];
  return [...first, digits.format(rest)].join(':');
}
