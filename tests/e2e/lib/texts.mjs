// The panel's own texts, so that a check names a text by its key and holds in both languages.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const root = new URL('../../../', import.meta.url);
const { parse } = createRequire(new URL('assets/ui/package.json', root))('smol-toml');
const catalogues = Object.fromEntries(
  ['en', 'ar'].map((lang) => [lang, parse(fs.readFileSync(new URL(`assets/locale/${lang}.toml`, root), 'utf8'))]),
);

/** Keys of all texts of the pages, without the `ui.` they begin with. */
export const KEYS = keysBelow(catalogues.en.ui, '');

function keysBelow(table, above) {
  const isText = (value) => typeof value === 'string' || 'other' in value;
  return Object.entries(table).flatMap(([name, value]) => (isText(value) ? [above + name] : keysBelow(value, `${above}${name}.`)));
}

/** The text `key` (such as `ui.sign_in.submit`) with its parameters put in, in the plural form for `count`; the pages isolate them, but for plain ones in English. */
export function text(lang, key, params = {}) {
  const table = key.split('.').reduce((table, part) => table?.[part], catalogues[lang]);
  const found = typeof table === 'object' && 'count' in params ? table[new Intl.PluralRules(lang).select(params.count)] : table;
  if (typeof found !== 'string') throw new Error(`no text ${key} in ${lang}`);
  const number = new Intl.NumberFormat(lang === 'ar' ? 'ar-u-nu-latn' : 'en');
  const shown = (value) => (typeof value === 'number' ? number.format(value) : lang === 'ar' || /[^\0-\x7f]/.test(value) ? `\u2068${value}\u2069` : value);
  return found.replace(/\{(\w+)\}/g, (hole, name) => (name in params ? shown(params[name]) : hole));
}
