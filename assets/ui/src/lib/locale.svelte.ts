// Which language is on. Everything that words something reads `locale.lang`, so a switch redraws it.
import type { Plurals, Texts } from '../locales/keys';
import { fill, fillPlural, setDisplay, type Catalogue, type Display, type Lang, type Params, type PluralForms } from './i18n';
import { remember } from './storage';

export type TextKey = keyof Texts;
export type PluralKey = keyof Plurals;
/** Keys of texts without parameters: those that data tables may hold. */
export type PlainKey = { [Key in TextKey]: [Texts[Key]] extends [never] ? Key : never }[TextKey];
type ParamsOf<Names> = [Names] extends [never] ? [] : [Record<Names & string, string | number>];

const loaders: Record<Lang, () => Promise<{ default: Catalogue }>> = {
  ar: () => import('../locales/ar'),
  en: () => import('../locales/en'),
};

/** Texts that few pages need, those of single large pages, and those of pages that ask for a new password. */
const laterLoaders = {
  door: { ar: () => import('../locales/door-ar'), en: () => import('../locales/door-en') },
  more: { ar: () => import('../locales/more-ar'), en: () => import('../locales/more-en') },
  rare: { ar: () => import('../locales/rare-ar'), en: () => import('../locales/rare-en') },
};
type Bundle = keyof typeof laterLoaders;
let wanted: readonly Bundle[] = [];

interface State {
  lang: Lang;
  catalogue: Catalogue;
}

let state = $state.raw<State>({ lang: 'en', catalogue: {} });

export const locale = {
  /** The language in use. */
  get lang(): Lang {
    return state.lang;
  },
};

/** The other of the two languages. */
export function otherLang(): Lang {
  return state.lang === 'ar' ? 'en' : 'ar';
}

/** The texts of one language, from chunks of their own. */
export async function loadCatalogue(lang: Lang): Promise<Catalogue> {
  const parts = await Promise.all([loaders[lang](), ...wanted.map((bundle) => laterLoaders[bundle][lang]())]);
  return Object.assign({}, ...parts.map((part) => part.default));
}

/** Brings texts that only some pages need (`more` if none are named), in this language and any that is chosen later. */
export async function laterTexts(...bundles: Bundle[]): Promise<void> {
  const before = wanted;
  wanted = [...new Set<Bundle>([...wanted, ...(bundles.length > 0 ? bundles : (['more'] as const))])];
  if (wanted.length === before.length) return;
  try {
    await setLang(state.lang);
  } catch (cause) {
    wanted = before;
    throw cause;
  }
}

/** Switches the language of the whole page, with its direction. */
export async function setLang(lang: Lang): Promise<void> {
  const catalogue = await loadCatalogue(lang);
  const root = document.documentElement;
  root.lang = lang;
  root.dir = lang === 'ar' ? 'rtl' : 'ltr';
  // Two that load at once end in any order, and one of them may have been asked for fewer texts.
  state = { lang, catalogue: lang === state.lang ? { ...state.catalogue, ...catalogue } : catalogue };
}

/** Switches the language and keeps the choice in this browser. */
export async function chooseLang(lang: Lang): Promise<void> {
  remember('manara.lang', lang);
  await setLang(lang);
}

/** Writes numbers and dates another way on the whole page: whatever words something has read the state. */
export function showDisplay(display: Display): void {
  setDisplay(display);
  state = { ...state };
}

/** The unfilled text of `key`. */
export function rawText(key: TextKey): string {
  const text = state.catalogue[key];
  return typeof text === 'string' ? text : key;
}

/** The text of `key` in the language in use. */
export function t<Key extends TextKey>(key: Key, ...params: ParamsOf<Texts[Key]>): string {
  return fill(rawText(key), (params[0] ?? {}) as Params, state.lang);
}

/** The text of `key` in the plural form for `count`. */
export function plural<Key extends PluralKey>(key: Key, count: number, ...params: ParamsOf<Plurals[Key]>): string {
  const forms = state.catalogue[key];
  if (forms === undefined || typeof forms === 'string') return key;
  return fillPlural(forms as PluralForms, count, (params[0] ?? {}) as Params, state.lang);
}

/** A page together with the texts that only some pages need. */
export async function withTexts<Module>(page: Promise<Module>, ...bundles: Bundle[]): Promise<Module> {
  const [module] = await Promise.all([page, laterTexts(...bundles)]);
  return module;
}
