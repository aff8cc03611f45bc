// Loose matching for the palette: every typed word must occur, marks and letter variants aside.
import { latinDigits } from '../lib/digits';

/**
 * Lower case, without Arabic vowel signs, tatweel and accents, with the variants of alef, yeh, waw and teh marbuta made
 * one, Arabic-Indic and Persian digits as Latin ones, and without marks of direction.
 */
export function fold(text: string): string {
  return latinDigits(text)
    .normalize('NFKD')
    .replace(/[\p{M}\u0640\u200c-\u200f\u2066-\u2069]/gu, '')
    .replace(/[ٱآأإ]/g, 'ا')
    .replace(/ء/g, '')
    .replace(/[ىی]/g, 'ي')
    .replace(/ک/g, 'ك')
    .replace(/ة/g, 'ه')
    .toLowerCase();
}

function wordsOf(query: string): string[] {
  return fold(query).split(/\s+/).filter(Boolean);
}

/** Whether every word of `query` is found in one of `texts`. An empty query matches everything. */
export function matches(query: string, texts: string[]): boolean {
  const haystack = fold(texts.join(' '));
  return wordsOf(query).every((word) => haystack.includes(word));
}

/** How well `query` fits: 0 where it begins the first text, 1 where it begins a word, 2 anywhere. */
export function closeness(query: string, texts: string[]): number {
  const wanted = fold(query).trim();
  const folded = texts.map(fold);
  if (folded.some((text) => text.startsWith(wanted))) return 0;
  return folded.some((text) => text.includes(` ${wanted}`)) ? 1 : 2;
}

/**
 * Takes the words out of `query` that say what to do, in any language: `verbs` are the texts of the actions by their
 * ids. Answers the ids of the actions that are meant (all where no word says one) and what is left, the object.
 */
export function parseAction(query: string, verbs: Record<string, string[]>): { actions: string[]; object: string } {
  const typed = query.trim().split(/\s+/).filter(Boolean);
  const meant = new Map<string, Set<string>>();
  for (const word of typed) {
    const folded = fold(word);
    if (folded.length < 2) continue;
    const ids = Object.keys(verbs).filter((id) => verbs[id]?.some((text) => wordsOf(text).some((part) => part.startsWith(folded))));
    if (ids.length > 0) meant.set(word, new Set(ids));
  }
  const object = typed.filter((word) => !meant.has(word)).join(' ');
  // Without an object the words may well be one: a site may be called “disable”.
  if (meant.size === 0 || object === '') return { actions: Object.keys(verbs), object: query.trim() };
  return { actions: Object.keys(verbs).filter((id) => [...meant.values()].every((ids) => ids.has(id))), object };
}
