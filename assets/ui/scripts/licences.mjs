// Writes the licences of everything the program contains, crates and npm packages, into ../dist:
//   licences.bin   gzipped JSON for the page about the program: `{ texts: [text], packages: [{ name, version, kind,
//                  licence, texts: [index] }] }`. A text that several packages share is there once.
//   licences.txt   the npm packages of the pages, one a line.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const TARGETS = ['x86_64', 'aarch64'].map((name) => `${name}-unknown-linux-musl`).concat('armv7-unknown-linux-musleabihf');
const IS_LICENCE = /^(licen[cs]e|copying|notice|unlicense|copyright)/i;

/** The texts in a folder. The common ones differ by spaces and line breaks only, which are made the same. */
function textsIn(folder) {
  const files = fs.readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && IS_LICENCE.test(entry.name));
  return files.map((entry) => tidy(fs.readFileSync(path.join(folder, entry.name), 'utf8'))).filter(Boolean);
}

function tidy(text) {
  const lines = text.replace(/\r/g, '').split('\n').map((line) => line.trim());
  return lines.join('\n').replace(/\n{3,}/g, '\n\n').trim();
}

function npmPackages() {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const found = [];
  for (const [folder, entry] of Object.entries(lock.packages)) {
    // The framework is a development dependency, and its runtime is in every page.
    if (folder === '' || (entry.dev && folder !== 'node_modules/svelte')) continue;
    const home = path.join(root, folder);
    if (!fs.existsSync(home)) continue;
    const { name, version, license } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8'));
    found.push({ name, version, kind: 'npm', licence: license ?? '', texts: textsIn(home) });
  }
  return found;
}

/** The crates that are linked into the program, without those that only build or test it. */
function crates() {
  const args = ['metadata', '--locked', '--format-version', '1', ...TARGETS.flatMap((target) => ['--filter-platform', target])];
  const told = JSON.parse(execFileSync('cargo', args, { cwd: path.join(root, '../..'), encoding: 'utf8', maxBuffer: 64 << 20 }));
  const packages = new Map(told.packages.map((entry) => [entry.id, entry]));
  const nodes = new Map(told.resolve.nodes.map((node) => [node.id, node]));
  const linked = new Set([told.resolve.root]);
  for (const id of linked) {
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) if (kinds.some(({ kind }) => kind === null)) linked.add(pkg);
  }
  linked.delete(told.resolve.root);
  return [...linked].map((id) => {
    const { name, version, license, manifest_path: manifest } = packages.get(id);
    return { name, version, kind: 'crate', licence: license ?? '', texts: textsIn(path.dirname(manifest)) };
  });
}

const texts = [];
const known = new Map();
const indexOf = (text) => {
  const key = text.replace(/\s+/g, ' ');
  if (!known.has(key)) known.set(key, texts.push(text) - 1);
  return known.get(key);
};
const npm = npmPackages();
const packages = [...crates(), ...npm]
  .sort((a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'))
  .map((entry) => ({ ...entry, texts: entry.texts.map(indexOf) }));

const dist = path.join(root, '../dist');
fs.writeFileSync(path.join(dist, 'licences.bin'), zlib.gzipSync(JSON.stringify({ texts, packages }), { level: 9 }));
fs.writeFileSync(path.join(dist, 'licences.txt'), npm.map(({ name, version, licence }) => `${name} ${version} (${licence})\n`).join(''));
console.log(`licences: ${packages.length} packages, ${texts.length} texts, ${fs.statSync(path.join(dist, 'licences.bin')).size} bytes`);
