// The reference of the API in Arabic: every sentence of the document that it shows is there, and no other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bodySchema, groupOperations, resolve, type ApiDocument, type Schema } from '../../src/lib/openapi';
import ar from '../../src/locales/api-ar';
import en from '../../src/locales/api-en';

const document = JSON.parse(readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8')) as ApiDocument;
/** Worded by the page itself, because neither can have a description. */
const WORDED = ['job', 'kind'];
const shown = new Map<string, string>();

/** Notes what the page says of the fields of a schema and of what they hold. */
function collect(schema: Schema, place: string, seen: Set<Schema>): void {
  const whole = resolve(document, schema);
  if (seen.has(whole)) return;
  seen.add(whole);
  for (const [name, field] of Object.entries(whole.properties ?? {})) {
    assert.ok(field.description || WORDED.includes(name), `${place}.${name} has no description`);
    if (field.description) shown.set(field.description.replace(/\s+/g, ' '), `${place}.${name}`);
    collect(field, `${place}.${name}`, seen);
  }
  for (const inner of [whole.items, ...(whole.oneOf ?? []), ...(whole.anyOf ?? []), ...(whole.allOf ?? [])]) {
    if (inner) collect(inner, place, seen);
  }
}

const seen = new Set<Schema>();
for (const operation of groupOperations(document, '').flatMap((group) => group.operations)) {
  for (const [status, response] of Object.entries(operation.responses)) {
    if (status.startsWith('2')) shown.set(response.description ?? '', `${operation.operationId} ${status}`);
    const schema = bodySchema(response);
    if (schema) collect(schema, operation.operationId ?? '', seen);
  }
  // The fields of a body have the words of the command line; what these hold has not.
  for (const field of Object.values(resolve(document, bodySchema(operation.requestBody) ?? {}).properties ?? {})) {
    collect(field, `${operation.operationId} input`, seen);
  }
}

const codes = (text: string) => [...text.matchAll(/`[^`]*`/g)].map(([code]) => code).sort();

test('every field of an answer is described in Arabic, with the same names', () => {
  assert.ok(shown.size > 300, `${shown.size} sentences`);
  for (const [sentence, place] of shown) {
    const said = ar[sentence];
    assert.ok(typeof said === 'string', `${place}: assets/locale/api.ar.toml lacks “${sentence}”`);
    assert.match(said, /[\u0621-\u064a]/u, place);
    assert.deepEqual(codes(said), codes(sentence), place);
  }
});

test('no Arabic sentence is left of a description that is gone', () => {
  const left = Object.keys(ar).filter((key) => !(key in en) && !shown.has(key));
  assert.deepEqual(left, []);
});
