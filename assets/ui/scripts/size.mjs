// Prints what each page loads, brotli, and fails when a budget is exceeded. Counted: the entry, its style sheet, the
// catalogue of one language (the bigger one), and the chunks of the page, with everything they import: what its first
// picture waits for. Behind "then" stands what every visit loads by itself right after that picture; no budget holds it.
// Menus and dialogs come when they are first opened and are not counted, nor are fonts.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { fileURLToPath } from 'node:url';

const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../dist');
const manifest = JSON.parse(fs.readFileSync(path.join(dist, '.vite/manifest.json'), 'utf8'));
const KB = 1000;
const SHELL = 'src/app/Shell.svelte';
const LATER = 'src/locales/more-ar.ts';
const DOOR = 'src/locales/door-ar.ts';
const RARE = 'src/locales/rare-ar.ts';
/** What the shell loads once it is on the screen. */
const SHELL_THEN = ['src/app/Extras.svelte', 'src/lib/connection.ts', LATER];
const PAGES = {
  'sign-in': { budget: 40, chunks: ['src/pages/SignIn.svelte'] },
  claim: { budget: 40, chunks: ['src/pages/Claim.svelte', DOOR] },
  dashboard: { budget: 65, chunks: [SHELL, 'src/pages/Dashboard.svelte', LATER], then: ['src/pages/dashboard/Lower.svelte'] },
  machine: { chunks: [SHELL, 'src/pages/Machine.svelte', LATER] },
  sites: { budget: 55, chunks: [SHELL, 'src/pages/Sites.svelte'], then: ['src/pages/sites/extras.ts'] },
  'new site': { chunks: [SHELL, 'src/pages/NewSite.svelte', LATER, RARE] },
  site: { chunks: [SHELL, 'src/pages/Site.svelte', LATER] },
  jobs: { chunks: [SHELL, 'src/pages/Jobs.svelte', LATER] },
  audit: { chunks: [SHELL, 'src/pages/Audit.svelte', LATER] },
  users: { chunks: [SHELL, 'src/pages/Users.svelte', LATER, DOOR] },
  account: { chunks: [SHELL, 'src/pages/Account.svelte', LATER, DOOR] },
  'api reference': { chunks: [SHELL, 'src/pages/ApiReference.svelte', LATER, RARE, 'src/locales/api-ar.ts'] },
};

function brotli(file) {
  const data = fs.readFileSync(path.join(dist, file));
  return zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}

function collect(key, files) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`${key} is not in the manifest`);
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const sheet of chunk.css ?? []) files.add(sheet);
  for (const imported of chunk.imports ?? []) collect(imported, files);
}

const catalogues = ['src/locales/ar.ts', 'src/locales/en.ts'].map((key) => ({ key, size: brotli(manifest[key].file) }));
const catalogue = catalogues.sort((a, b) => b.size - a.size)[0].key;

let exceeded = false;
const sum = (files) => [...files].reduce((total, file) => total + brotli(file), 0) / KB;
for (const [name, { budget, chunks, then = [] }] of Object.entries(PAGES)) {
  const files = new Set(['boot.js']);
  for (const key of ['index.html', catalogue, ...chunks]) collect(key, files);
  if (process.argv.includes('--files')) for (const file of files) console.log('   ', file, brotli(file));
  const size = sum(files);
  const first = new Set(files);
  if (chunks.includes(SHELL)) for (const key of [...SHELL_THEN, ...then]) collect(key, files);
  const later = sum([...files].filter((file) => !first.has(file)));
  const over = budget !== undefined && size > budget;
  exceeded ||= over;
  console.log(`${name.padEnd(14)} ${size.toFixed(1).padStart(6)} kB${budget ? ` of ${budget}` : ''}${over ? '  EXCEEDED' : ''}${later > 0 ? `, then ${later.toFixed(1)}` : ''}`);
}
process.exit(exceeded ? 1 : 0);
