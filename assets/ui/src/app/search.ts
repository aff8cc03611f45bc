// Loose matching for the palette: every typed word must occur, marks and letter variants aside.

/** Lower case, without Arabic vowel signs and accents, with the variants of alef, yeh and teh marbuta made one. */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\u0640]/gu, '')
    .replace(/[أإآٱ]/g, 'ا')
    .replace(/ى/g, 'ي')
    .replace(/ة/g, 'ه')
    .toLowerCase();
}

/** Whether every word of `query` is found in one of `texts`. An empty query matches everything. */
export function matches(query: string, texts: string[]): boolean {
  const haystack = fold(texts.join(' '));
  return fold(query)
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}
