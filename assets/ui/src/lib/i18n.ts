// Texts without state: filling placeholders, choosing plural forms, formatting numbers. The state (which language is
// on) is in locale.svelte.ts.

export type Lang = 'ar' | 'en';
export type PluralForms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Catalogue = Record<string, string | PluralForms>;
export type Params = Record<string, string | number>;

/** Either a literal stretch of a text or the name of a parameter that stands between two stretches. */
export type Piece = { text: string } | { param: string };

const PLACEHOLDER = /\{(\w+)\}/;

/** Cuts a text at its placeholders: `"Delete {domain}?"` → `Delete `, the parameter `domain`, `?`. */
export function pieces(text: string): Piece[] {
  return text
    .split(PLACEHOLDER)
    .map((part, index): Piece => (index % 2 === 0 ? { text: part } : { param: part }))
    .filter((piece) => !('text' in piece) || piece.text !== '');
}

/**
 * Keeps a value inside a sentence from being reordered by its neighbours (Unicode Standard Annex 9: first-strong
 * isolate … pop directional isolate).
 */
export function isolate(value: string): string {
  return `\u2068${value}\u2069`;
}

/** Puts parameters into a text; string values are isolated where the sentence runs right to left. */
export function fill(text: string, params: Params, lang: Lang): string {
  return pieces(text)
    .map((piece) => {
      if ('text' in piece) return piece.text;
      const value = params[piece.param];
      if (value === undefined) return `{${piece.param}}`;
      if (typeof value === 'number') return formatNumber(value, lang);
      return lang === 'ar' ? isolate(value) : value;
    })
    .join('');
}

/** BCP 47 tag for formatting: Arabic with Western digits. */
export function formatTag(lang: Lang): string {
  return lang === 'ar' ? 'ar-u-nu-latn' : 'en';
}

const numberFormats = new Map<Lang, Intl.NumberFormat>();
const pluralRules = new Map<Lang, Intl.PluralRules>();

function cached<T>(cache: Map<Lang, T>, lang: Lang, make: (tag: string) => T): T {
  let value = cache.get(lang);
  if (value === undefined) {
    value = make(formatTag(lang));
    cache.set(lang, value);
  }
  return value;
}

/** A number with at most one decimal, grouped, in Western digits. */
export function formatNumber(value: number, lang: Lang): string {
  return cached(numberFormats, lang, (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: 1 })).format(value);
}

/** The plural form of `forms` for `count`, with `{count}` and other parameters put in. */
export function fillPlural(forms: PluralForms, count: number, params: Params, lang: Lang): string {
  const form = cached(pluralRules, lang, (tag) => new Intl.PluralRules(tag)).select(count);
  return fill(forms[form] ?? forms.other, { ...params, count }, lang);
}
