// Writes the licence texts of what the bundle contains to dist/licences.txt.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));

const texts = [];
for (const [folder, entry] of Object.entries(lock.packages)) {
  if (folder === '' || (entry.dev && folder !== 'node_modules/svelte')) continue;
  const home = path.join(root, folder);
  if (!fs.existsSync(home)) continue;
  const manifest = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8'));
  const file = fs.readdirSync(home).find((name) => /^(licen[cs]e|copying)/i.test(name));
  const text = file ? fs.readFileSync(path.join(home, file), 'utf8').trim() : '';
  texts.push(`${manifest.name} ${manifest.version} (${manifest.license ?? 'licence not stated'})\n\n${text}`);
}
fs.writeFileSync(path.join(root, '../dist/licences.txt'), `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
