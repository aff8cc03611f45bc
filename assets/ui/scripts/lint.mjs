// Rules of the browser's sources that no compiler checks: what the content security policy forbids, what breaks pages
// that run right to left, texts outside the catalogue, values without a type, and components that are too long.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'svelte/compiler';
import ts from 'typescript';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../src');
const SPOKEN_ATTRIBUTES = new Set(['aria-label', 'aria-description', 'alt', 'title', 'placeholder', 'label']);
// Examples that are the same in every language.
const EXAMPLE = /^(https?:\/\/|[\w.-]+\.com$|X-[\w-]+$)/;
const PHYSICAL = /(?:^|[\s;{])((?:margin|padding|border)-(?:left|right)\b[\w-]*|left|right|text-align:\s*(?:left|right)|float)\s*[:;]?/;
const ALLOWED_PHYSICAL = ['[dir="rtl"] :is(.ltr, bdi)'];
const LINES_MAX = 250;
const ANY = 'any says nothing about a value; name its type, or use unknown';
const problems = [];
const report = (file, source, offset, text) => {
  const line = source.slice(0, offset).split('\n').length;
  problems.push(`${path.relative(path.dirname(root), file)}:${line}: ${text}`);
};

function files(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    return entry.isDirectory() ? files(full) : [full];
  });
}

const hasLetters = (text) => /\p{L}{2,}/u.test(text);

function walk(node, visit, inside = []) {
  if (!node || typeof node !== 'object') return;
  if (Array.isArray(node)) return node.forEach((child) => walk(child, visit, inside));
  if (typeof node.type === 'string') visit(node, inside);
  for (const [key, child] of Object.entries(node)) {
    // The text parts of an attribute are looked at with the attribute.
    const parts = node.type === 'Attribute' && key === 'value' && Array.isArray(child) ? child.filter((part) => part.type !== 'Text') : child;
    walk(parts, visit, typeof node.name === 'string' && key === 'fragment' ? [...inside, node.name] : inside);
  }
}

function checkMarkup(file, source) {
  const tree = parse(source, { modern: true });
  walk([tree.module, tree.instance, tree.fragment], (node, inside) => {
    if (node.type === 'TSAnyKeyword') report(file, source, node.start, ANY);
    if (node.type === 'HtmlTag') report(file, source, node.start, '{@html} puts markup into the page');
    if (node.type === 'Attribute' && node.name === 'style') report(file, source, node.start, 'a style attribute is blocked by the policy; use style:NAME');
    if (node.type === 'Text' && hasLetters(node.data) && !inside.some((name) => ['code', 'kbd', 'style'].includes(name)) && !/^(\s|GET|Esc|A|openapi\.json)*$/.test(node.data)) {
      report(file, source, node.start, `text outside the catalogue: ${node.data.trim().slice(0, 40)}`);
    }
    if (node.type === 'Attribute' && SPOKEN_ATTRIBUTES.has(node.name) && Array.isArray(node.value)) {
      const text = node.value.filter((part) => part.type === 'Text').map((part) => part.data).join('');
      if (hasLetters(text) && !EXAMPLE.test(text)) report(file, source, node.start, `text outside the catalogue: ${node.name}="${text}"`);
    }
  });
}

function checkTypes(file, source) {
  const look = (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) report(file, source, node.pos, ANY);
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile(file, source, ts.ScriptTarget.Latest));
}

function checkStyles(file, source, css, offset) {
  let selector = '';
  let position = offset;
  for (const line of css.split('\n')) {
    if (line.includes('{')) selector = line.split('{')[0].trim();
    const match = PHYSICAL.exec(line.replace(/\/\*.*?\*\//g, ''));
    if (match && line.includes(':') && !line.includes('{') && !ALLOWED_PHYSICAL.includes(selector)) {
      report(file, source, position, `physical direction: ${line.trim()}`);
    }
    position += line.length + 1;
  }
}

for (const file of files(root)) {
  const source = fs.readFileSync(file, 'utf8');
  if (file.endsWith('.css')) checkStyles(file, source, source, 0);
  if (file.endsWith('.ts')) checkTypes(file, source);
  if (!file.endsWith('.svelte')) continue;
  const lines = source.trimEnd().split('\n').length;
  if (lines > LINES_MAX) report(file, source, 0, `${lines} lines, of at most ${LINES_MAX}: split it`);
  checkMarkup(file, source);
  const style = /<style[^>]*>([\s\S]*)<\/style>/.exec(source);
  if (style) checkStyles(file, source, style[1], style.index + style[0].indexOf(style[1]));
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log('lint: nothing to report');
