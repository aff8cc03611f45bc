// Lets node's test runner import the TypeScript helpers: types are taken out, nothing is checked (`npm run check` does).
import fs from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export async function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && !/\.\w+$/.test(specifier)) {
    const url = new URL(`${specifier}.ts`, context.parentURL);
    if (fs.existsSync(fileURLToPath(url))) return { url: url.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const options = { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true } };
  const { outputText } = ts.transpileModule(fs.readFileSync(fileURLToPath(url), 'utf8'), options);
  return { format: 'module', source: outputText, shortCircuit: true };
}

if (!process.env.MANARA_TS_HOOK) {
  process.env.MANARA_TS_HOOK = '1';
  register(import.meta.url);
}
