// Turns the `[ui]` tables of ../locale/*.toml, the only catalogue of texts, into one module per language
// (src/locales/{en,ar}.ts) and one with the texts that few pages need (src/locales/more-{en,ar}.ts), a single large one (src/locales/rare-{en,ar}.ts) or those that ask who somebody is (src/locales/door-{en,ar}.ts), the words of the API's operations into another (src/locales/api-{en,ar}.ts), and a type of all keys with the parameters that each text needs (src/locales/keys.d.ts).
// Fails when the languages differ in keys or parameters, or when a plural form is missing.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';

const here = path.dirname(fileURLToPath(import.meta.url));
const source = path.join(here, '../../locale');
const target = path.join(here, '../src/locales');
const PLURAL_FORMS = { en: ['one', 'other'], ar: ['zero', 'one', 'two', 'few', 'many', 'other'] };
/** Tables of `[ui]` that no list needs: they come with the pages that do. */
const LATER = ['account', 'actor', 'attention', 'audit', 'bulk', 'changes', 'commands', 'components', 'confirm', 'diff', 'doctor', 'filter', 'history', 'jobs', 'keys', 'leave', 'lost', 'machine', 'metrics', 'nginx', 'not_found', 'plan', 'process', 'proxy', 'race', 'reading', 'role', 'service', 'site', 'site_sum', 'stream', 'users', 'views'];
/** Tables of single large pages, and of what is hardly ever seen. */
const RARE = ['about', 'api', 'certificate', 'guard', 'log', 'settings', 'welcome', 'wizard'];
/** Tables of the pages that ask who somebody is. */
const DOOR = ['claim', 'password', 'sign_in'];
/** Keys of these tables that every page needs all the same. */
const SOONER = ['jobs.failed_title', 'jobs.one', 'not_found.title', 'role.admin', 'role.operator', 'role.viewer', 'site.delete', 'site.disable', 'site.drifted', 'site.enable', 'site.title'];
/** Keys of other tables that come later. */
const LATER_KEYS = ['action.back', 'action.copy_refused', 'action.done', 'action.next', 'action.review_changes', 'action.save', 'form.field_problem', 'form.fix_these', 'form.no', 'form.required', 'form.yes', 'palette.none', 'palette.placeholder', 'palette.results', 'session.sign_out', 'sites.clear_filter', 'sites.create_first', 'sites.no_match', 'sites.no_match_text', 'sites.none', 'sites.none_text'];
const isLater = ([key]) => LATER_KEYS.includes(key) || (LATER.includes(key.split('.')[0]) && !SOONER.includes(key));
const isRare = ([key]) => RARE.includes(key.split('.')[0]);
const isDoor = ([key]) => DOOR.includes(key.split('.')[0]);
const ALL_FORMS = new Set(PLURAL_FORMS.ar);
const LANGUAGES = Object.keys(PLURAL_FORMS);

const isPlural = (value) => 'other' in value && Object.keys(value).every((key) => ALL_FORMS.has(key));

function flatten(table, prefix, into) {
  for (const [key, value] of Object.entries(table)) {
    const name = prefix ? `${prefix}.${key}` : key;
    if (typeof value === 'string' || isPlural(value)) into.set(name, value);
    else flatten(value, name, into);
  }
  return into;
}

const texts = (value) => (typeof value === 'string' ? [value] : Object.values(value));
const params = (value) => {
  const found = texts(value).flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
  return [...new Set(found)].sort();
};

const files = Object.fromEntries(LANGUAGES.map((lang) => [lang, parse(fs.readFileSync(path.join(source, `${lang}.toml`), 'utf8'))]));
const catalogues = Object.fromEntries(LANGUAGES.map((lang) => [lang, flatten(files[lang].ui ?? {}, '', new Map())]));
// What the reference of the API says: groups, operations, input fields.
const apiWords = ({ noun, op, option, cli }) => flatten({ noun, op, option, cli: { field: cli.field } }, '', new Map());
// What it says of answers: in English the document's own sentences, by which those of the other language are found.
const sentences = { en: [], ar: Object.entries(parse(fs.readFileSync(path.join(source, 'api.ar.toml'), 'utf8'))) };

const problems = [];
for (const lang of LANGUAGES) {
  const other = LANGUAGES.find((name) => name !== lang);
  for (const [key, value] of catalogues[lang]) {
    const twin = catalogues[other].get(key);
    if (twin === undefined) problems.push(`${key}: missing in ${other}`);
    else if (typeof twin !== typeof value) problems.push(`${key}: plural forms in one language only`);
    else if (String(params(twin)) !== String(params(value))) problems.push(`${key}: other parameters in ${other}`);
    if (typeof value === 'string') continue;
    for (const form of PLURAL_FORMS[lang]) if (!(form in value)) problems.push(`${key}: ${lang} has no form "${form}"`);
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}

fs.mkdirSync(target, { recursive: true });
for (const lang of LANGUAGES) {
  const write = (name, entries) => {
    const data = JSON.stringify(Object.fromEntries(entries));
    const text = `import type { Catalogue } from '../lib/i18n';\n\nconst catalogue: Catalogue = ${data};\nexport default catalogue;\n`;
    fs.writeFileSync(path.join(target, `${name}.ts`), text);
  };
  const entries = [...catalogues[lang]];
  write(lang, entries.filter((entry) => !isLater(entry) && !isRare(entry) && !isDoor(entry)));
  write(`rare-${lang}`, entries.filter(isRare));
  write(`door-${lang}`, entries.filter(isDoor));
  write(`more-${lang}`, entries.filter(isLater));
  write(`api-${lang}`, [...apiWords(files[lang]), ...sentences[lang]]);
}
const declare = (name, wanted) => {
  const lines = [...catalogues.en].filter(([, value]) => wanted(value)).map(([key, value]) => {
    const names = params(value).filter((param) => typeof value === 'string' || param !== 'count');
    return `  '${key}': ${names.length > 0 ? names.map((param) => `'${param}'`).join(' | ') : 'never'};`;
  });
  return `/** Key → names of the parameters. */\nexport interface ${name} {\n${lines.join('\n')}\n}\n`;
};
fs.writeFileSync(
  path.join(target, 'keys.d.ts'),
  `${declare('Texts', (value) => typeof value === 'string')}\n${declare('Plurals', (value) => typeof value !== 'string')}`,
);
