// How entries stand in columns, and how keys move through them.
import { formatBytes } from '../../lib/format';
import { currentDisplay, type Lang } from '../../lib/i18n';
import type { PlainKey } from '../../lib/locale.svelte';
import type { LogEntry, LogLevel } from '../../lib/types';
import { onTheWall } from '../../lib/zone';

export const TONES: Record<LogLevel, string> = { error: 'danger', warning: 'warn', info: '', debug: 'quiet' };

interface Column {
  name: string;
  title: PlainKey;
  text: (entry: LogEntry, lang: Lang) => string;
}

const field = (name: string) => (entry: LogEntry) => entry.fields[name] ?? '';

/** Day, time and thousandths of a moment where the reader is, always as wide. */
export function stamp(at: string | null | undefined): string {
  if (!at) return '';
  const date = onTheWall(Date.parse(at), currentDisplay().timeZone);
  return date.toISOString().slice(5, 23).replace('T', ' ');
}

/** What is left of the fields when the message has been said. */
function rest({ fields }: LogEntry): string {
  return Object.entries(fields)
    .filter(([name]) => name !== 'unit' && name !== 'program')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

const at: Column = { name: 'at', title: 'log.column.at', text: (entry) => stamp(entry.at) };

export const REQUEST_COLUMNS: readonly Column[] = [
  at,
  { name: 'status', title: 'log.column.status', text: field('status') },
  { name: 'method', title: 'log.column.method', text: field('method') },
  { name: 'host', title: 'log.column.host', text: field('host') },
  { name: 'uri', title: 'log.column.uri', text: (entry) => entry.fields.uri ?? entry.message },
  { name: 'bytes', title: 'log.column.bytes', text: ({ fields }, lang) => (fields.bytes ? formatBytes(Number(fields.bytes), lang) : '') },
  { name: 'seconds', title: 'log.column.seconds', text: field('seconds') },
  { name: 'client', title: 'log.column.client', text: field('client') },
];

export const MESSAGE_COLUMNS: readonly Column[] = [
  at,
  { name: 'level', title: 'log.column.level', text: () => '' },
  { name: 'message', title: 'log.column.message', text: (entry) => [entry.message, rest(entry)].filter(Boolean).join('  ') },
];

/** The whole entry as text to copy. */
export function copied({ at: when, level, message, fields }: LogEntry): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`${when ?? ''} ${level ?? ''} ${message}`.trim(), ...lines].join('\n');
}

/** By how many rows a key moves where `page` rows are on the screen; undefined for keys that do not. */
export function rowsMoved(key: string, page: number): number | undefined {
  const far = Math.max(1, page);
  return { ArrowUp: -1, ArrowDown: 1, PageUp: -far, PageDown: far }[key];
}
