import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatBytes, formatDuration, formatRelative, formatSeconds } from '../../src/lib/format';
import { asciiDomain, readableDomain } from '../../src/lib/idn';
import { commandLine, curlLine, groupOperations, operationRequest, requestUrl, typeName, type ApiDocument } from '../../src/lib/openapi';
import { strength } from '../../src/lib/password';
import { atNames, fieldErrors, otherErrors } from '../../src/lib/problem';
import { manyTargets, targetText } from '../../src/lib/target';
import { visibleRange } from '../../src/lib/window';

test('bytes have binary units', () => {
  assert.equal(formatBytes(0, 'en'), '0 B');
  assert.equal(formatBytes(1536, 'ar'), '1.5 KiB');
  assert.equal(formatBytes(8 * 2 ** 30, 'en'), '8 GiB');
});

test('times are words, in Western digits', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  assert.equal(formatRelative(now - 180_000, now, 'en'), '3 minutes ago');
  assert.equal(formatRelative(now - 11 * 60_000, now, 'ar'), 'قبل 11 دقيقة');
  assert.deepEqual([formatSeconds(60, 'en'), formatSeconds(3, 'ar')], ['60 seconds', '3 ثوان']);
  assert.equal(formatDuration(75, 'en'), '1:15');
  assert.equal(formatDuration(3_661, 'ar'), '1:01:01');
});

test('a password is judged by length, variety and repetition', () => {
  assert.equal(strength('abc'), 'short');
  assert.equal(strength('aaaaaaaaaaaaaaaa'), 'weak');
  assert.equal(strength('abcabcabcabcabc'), 'weak');
  assert.equal(strength('نخلة على شاطئ البحر'), 'strong');
});

test('problems go to their fields, the others are not lost', () => {
  const error = (field: string) => ({ field, code: 'x', detail: `about ${field}` });
  const problem = { type: '', title: '', status: 422, detail: '', code: 'bad_input', params: {}, request_id: '', errors: ['aliases[1]', 'aliasesX', 'upstream'].map(error) };
  assert.deepEqual(fieldErrors(problem, 'aliases'), ['about aliases[1]']);
  assert.deepEqual(fieldErrors(problem, 'aliases[0]'), []);
  assert.deepEqual(otherErrors(problem, ['aliases', 'upstream']), ['about aliasesX']);
});

test('only the rows near the screen are drawn', () => {
  assert.deepEqual(visibleRange(10_000, 50, 0, 500), { from: 0, to: 18 });
  assert.deepEqual(visibleRange(10_000, 50, 5_000, 500), { from: 92, to: 118 });
  assert.deepEqual(visibleRange(3, 50, 99_999, 500), { from: 2, to: 3 });
  assert.deepEqual(visibleRange(0, 50, 0, 500), { from: 0, to: 0 });
});

test('an API description is grouped, searched and addressed', () => {
  const document: ApiDocument = {
    paths: {
      '/api/v1/sites/{domain}': { get: { operationId: 'site.show', tags: ['site'] }, delete: { operationId: 'site.delete', tags: ['site'] } },
      '/api/v1/jobs': { get: { operationId: 'job.list', tags: ['job'], parameters: [{ name: 'state', in: 'query' }] } },
    },
  };
  assert.deepEqual(groupOperations(document, '').map((group) => [group.name, group.operations.length]), [['site', 2], ['job', 1]]);
  assert.deepEqual(groupOperations(document, 'site delete').map((group) => group.operations.length), [1]);
  const [site, job] = groupOperations(document, 'get').map((group) => group.operations[0]!);
  assert.equal(requestUrl(site!, { domain: 'مثال/x' }), `/api/v1/sites/${encodeURIComponent('مثال/x')}`);
  assert.equal(requestUrl(job!, { state: 'done', other: 'x' }), '/api/v1/jobs?state=done');
  assert.equal(typeName({ type: ['string', 'null'] }), 'string | null');
  assert.equal(typeName({ type: 'array', items: { oneOf: [{ const: 'a' }, { const: 'b' }] } }), '("a" | "b")[]');
});

test('every operation has a command that the command line knows', () => {
  const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
  const document = JSON.parse(read('openapi.json')) as ApiDocument;
  const usages = read('cli.md').replace(/[<>]/g, '');
  const operations = groupOperations(document, '').flatMap((group) => group.operations);
  const without = operations.filter((operation) => commandLine(document, operation) === null).map((operation) => operation.operationId);
  assert.deepEqual(without, ['session.create', 'session.password']);
  for (const operation of operations) {
    const command = commandLine(document, operation);
    const known = command === null || usages.includes(`\n${command} [`) || usages.includes(`\n${command.replace(/ FILE$/, '')} [OPTIONS]`);
    assert.ok(known, `${operation.operationId}: ${command}`);
    const curl = curlLine(document, operation, 'https://panel.example');
    assert.match(curl, /^curl .*'https:\/\/panel\.example\/api\/v1\/[^{}]*'$/, curl);
  }
  const create = operations.find((operation) => operation.operationId === 'site.create')!;
  assert.equal(
    curlLine(document, create, 'http://h'),
    `curl -X POST -H "Authorization: Bearer $MANARA_TOKEN" -H 'Content-Type: application/json' -d '{"domain":"DOMAIN","kind":"static"}' 'http://h/api/v1/sites'`,
  );
});

test('domains are shown in the form for people', () => {
  const shown = { 'xn--mgbh0fb.xn--kgbechtv': 'مثال.إختبار', 'www.xn--mnchen-3ya.de': 'www.münchen.de', 'plain.test': 'plain.test', 'xn--.test': 'xn--.test', 'xn--a\u0000!': 'xn--a\u0000!', j0123: 'j0123' };
  for (const [ascii, name] of Object.entries(shown)) {
    assert.equal(readableDomain(ascii), name);
    if (name !== ascii) assert.equal(asciiDomain(name), ascii);
  }
});

test('a taken name is a problem of the field it was typed into', () => {
  const taken = (code: string, params: Record<string, string>) => ({ type: '', title: '', status: 409, detail: 'taken', code, params, request_id: '', errors: [] });
  const field = (code: string, params: Record<string, string>) => atNames(taken(code, params), 'domain', ['a.test', 'مثال.إختبار']).errors.map((error) => error.field);
  assert.deepEqual(field('site_exists', { domain: 'xn--mgbh0fb.xn--kgbechtv' }), ['aliases[1]']);
  assert.deepEqual(field('name_reserved', { name: 'main.test' }), ['domain']);
  assert.deepEqual(field('site_folder_exists', { path: '/srv/www/main.test' }), ['domain']);
  assert.deepEqual(field('plan_stale', {}), []);
});

test('an operation that a finding names is called as the description says', () => {
  const document = JSON.parse(readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8')) as ApiDocument;
  assert.deepEqual(operationRequest(document, 'component.install', { name: 'nginx' }), { path: '/api/v1/components/{name}/install', inPath: { name: 'nginx' }, body: {} });
  assert.equal(operationRequest(document, 'site.list', {}), null, 'reading is no way to mend');
  assert.equal(operationRequest(document, 'no.such', {}), null);
});

test('a target that is no object has words, and one of many sites says how many more there are', () => {
  assert.equal(targetText('state', 'state.apply'), 'nav.sites');
  assert.equal(targetText('sites', 'site.reapply'), 'nav.sites');
  assert.equal(targetText('settings', 'setting.revert'), 'nav.settings');
  assert.equal(targetText('settings', 'user.update'), undefined, 'a user of that name');
  assert.equal(targetText('nginx', 'nginx.adopt'), undefined);
  assert.deepEqual(manyTargets('a.test +2', 'site.switch-many'), ['a.test', 2]);
  assert.deepEqual(manyTargets('a.test', 'site.update'), ['a.test', 0]);
  assert.deepEqual(manyTargets('a +2', 'token.create'), ['a +2', 0]);
});
