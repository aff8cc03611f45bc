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
 * Keeps a value from being reordered by its sentence, and the sentence from being reordered by it (Unicode Standard
 * Annex 9: first-strong isolate … pop directional isolate), also where the value ends isolates it has not begun, or
 * leaves some open.
 */
export function isolate(value: string): string {
  let open = 1;
  const balanced = value.replace(/[\u2066-\u2069]/g, (sign) => {
    if (sign < '\u2069') open++;
    else if (open > 1) open--;
    else return '';
    return sign;
  });
  return `\u2068${balanced}${'\u2069'.repeat(open)}`;
}

/** Puts parameters into a text; string values are isolated, but for plain ASCII in English, which needs it not. */
export function fill(text: string, params: Params, lang: Lang): string {
  return pieces(text)
    .map((piece) => {
      if ('text' in piece) return piece.text;
      const value = params[piece.param];
      if (value === undefined) return `{${piece.param}}`;
      if (typeof value === 'number') return formatNumber(value, lang);
      return lang === 'ar' || /[^\0-\x7f]/.test(value) ? isolate(value) : value;
    })
    .join('');
}

/** How the reader wants numbers and dates written; kept with the account. */
export interface Display {
  digits: 'latin' | 'arabic-indic';
  calendar: 'gregorian' | 'with-hijri';
  /** IANA name; null for the browser's own. */
  timeZone: string | null;
}

let display: Display = { digits: 'latin', calendar: 'gregorian', timeZone: null };
const formats = new Map<string, unknown>();

/** Writes numbers and dates another way from now on. What is on the page is redrawn by `showDisplay` of locale.svelte.ts. */
export function setDisplay(next: Display): void {
  display = next;
  formats.clear();
}

/** How numbers and dates are written now. */
export function currentDisplay(): Display {
  return display;
}

/** BCP 47 tag for formatting: Arabic with Western digits unless the reader wants Arabic-Indic ones; English never has those. */
export function formatTag(lang: Lang): string {
  if (lang !== 'ar') return 'en';
  return display.digits === 'arabic-indic' ? 'ar-u-nu-arab' : 'ar-u-nu-latn';
}

/** The format of that name in `lang`, made once: making one is slow. All are forgotten when the display changes. */
export function cachedFormat<Format>(name: string, lang: Lang, make: (tag: string) => Format): Format {
  const key = `${name} ${lang}`;
  if (!formats.has(key)) formats.set(key, make(formatTag(lang)));
  return formats.get(key) as Format;
}

/** A number with at most one decimal, grouped. */
export function formatNumber(value: number, lang: Lang): string {
  return cachedFormat('number', lang, (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: 1 })).format(value);
}

/** The plural form of `forms` for `count`, with `{count}` and other parameters put in. */
export function fillPlural(forms: PluralForms, count: number, params: Params, lang: Lang): string {
  const form = cachedFormat('plural', lang, (tag) => new Intl.PluralRules(tag)).select(count);
  return fill(forms[form] ?? forms.other, { ...params, count }, lang);
}
