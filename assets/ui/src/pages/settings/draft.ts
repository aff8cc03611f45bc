// What was typed on the settings page, and what the API is told of it.
import { latinDigits } from '../../lib/digits';
import type { Difference } from '../../lib/race';
import type { Setting, SettingsPatch } from '../../lib/types';

/** Text of a field, a box that is ticked or not, or null for the way back to the default. */
export type Draft = string | boolean | null;

/** A value as it is typed: lists have one item per line. */
export function textOf(value: Setting['value']): string {
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** A value in one line. */
export function shown(value: Setting['value']): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** Whether nobody has set anything else. The text of a default may still have to be put together (`{data_dir}`), so where the value comes from counts first. */
export function isDefault(setting: Setting): boolean {
  return setting.source.kind === 'default' || textOf(setting.value) === textOf(setting.default);
}

/** What the API gets for a draft. A number that is none stays text, so that the server names the field. */
export function valueOf(setting: Setting, draft: Draft): unknown {
  if (draft === null || typeof draft === 'boolean') return draft;
  if (Array.isArray(setting.default)) return draft.split('\n').map((line) => line.trim()).filter(Boolean);
  if (typeof setting.default === 'number') {
    const digits = latinDigits(draft).trim();
    return /^-?\d+$/.test(digits) ? Number(digits) : draft;
  }
  return draft.trim();
}

/** Whether a draft says something else than what is in force. */
export function differs(setting: Setting, draft: Draft): boolean {
  if (draft === null) return setting.source.kind !== 'default';
  return textOf(valueOf(setting, draft) as Setting['value']) !== textOf(setting.value);
}

/** What brings `settings` back to what they are now; null where a flag hides what is stored. */
export function formerValues(settings: readonly Setting[]): SettingsPatch | null {
  if (settings.some(({ source }) => source.kind !== 'default' && source.kind !== 'store')) return null;
  return Object.fromEntries(settings.map(({ key, value, source }) => [key, source.kind === 'default' ? null : value]));
}

/** What somebody else did to settings that have a draft here. */
export function overlap(seen: readonly Setting[], now: readonly Setting[], drafts: Readonly<Record<string, Draft>>): Difference[] {
  const before = new Map(seen.map(({ key, value }) => [key, shown(value)]));
  return now
    .map(({ key, value }) => ({ name: key, technical: true, before: before.get(key) ?? '', after: shown(value) }))
    .filter(({ name, before, after }) => name in drafts && before !== after);
}
