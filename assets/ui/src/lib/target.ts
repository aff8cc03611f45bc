// What a job or an entry of the audit trail is about, where the API has a fixed word for it or names the first of many.
import type { PlainKey } from './locale.svelte';

/** Fixed words with their operations: a user or an owner of sites may be called the same. */
const WORDS: [of: RegExp, key: PlainKey][] = [
  [/^settings setting\./, 'nav.settings'],
  [/^(sites (site|plan)|state (state|plan))\./, 'nav.sites'],
];

/** The text for a target that is no object; none for the name of one. */
export function targetText(name: string, operation: string): PlainKey | undefined {
  return WORDS.find(([of]) => of.test(`${name} ${operation}`))?.[1];
}

/** `a.test +2` of an operation on sites: the first, and how many more there are. */
export function manyTargets(name: string, operation: string): [first: string, more: number] {
  const [first, more] = /^(site|plan)\./.test(operation) ? name.split(' +') : [];
  return [first ?? name, Number(more ?? 0)];
}
