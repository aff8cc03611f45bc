// A moment in words, as part of a sentence.
import { now } from './clock.svelte';
import { formatRelative } from './format';
import { locale } from './locale.svelte';

/** How long ago `at` (RFC 3339) was, in the language in use. */
export function ago(at: string | number): string {
  return formatRelative(typeof at === 'number' ? at : Date.parse(at), now(), locale.lang);
}
