// A hint, not a gate: the server decides. Length counts most; variety and repetition correct it.

/** Shortest password that the server accepts, in characters. */
export const MIN_LENGTH = 10;

export type Strength = 'short' | 'weak' | 'good' | 'strong';

export function strength(password: string): Strength {
  const characters = [...password];
  if (characters.length < MIN_LENGTH) return 'short';
  const distinct = new Set(characters).size;
  if (distinct < 6 || /^(.{1,4})\1+$/u.test(password)) return 'weak';
  const kinds = [/\p{Ll}|\p{Lo}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password)).length;
  if (characters.length >= 16 || kinds >= 3) return distinct >= 10 ? 'strong' : 'good';
  return kinds >= 2 ? 'good' : 'weak';
}
