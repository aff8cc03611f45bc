// What was chosen in the palette lately, in this browser: ids only, newest first.
import { recall, remember } from '../lib/storage';

const KEY = 'manara.recent';
const KEPT = 8;

export function recentIds(): string[] {
  return (recall(KEY) ?? '').split('\n').filter(Boolean);
}

/** Puts `id` in front. */
export function noteRecent(id: string): void {
  remember(KEY, [id, ...recentIds().filter((known) => known !== id)].slice(0, KEPT).join('\n'));
}
