import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDiff } from '../../src/lib/diff';
import { withPeriod } from '../../src/lib/period';
import { unifiedDiff } from '../../src/lib/textdiff';
import { gone, historyOf } from '../../src/pages/dashboard/gone';

test('days become moments, the last one included; nonsense is left out', () => {
  const { from, until } = withPeriod({ from: '2026-02-28', until: '2026-02-28' });
  assert.equal(Date.parse(until ?? '') - Date.parse(from ?? ''), 24 * 3600 * 1000);
  assert.equal(new Date(from ?? '').getHours(), 0);
  assert.deepEqual(withPeriod({ from: '2026-99-99', until: 'x', q: 'a' } as { from?: string }), { q: 'a' });
});

test('a change leads to the history of a site that is there under that name, and nowhere else', () => {
  const newestFirst = [
    { operation: 'site.create', target: 'failed.test', done: false },
    { operation: 'site.update', target: 'new.test', done: true, before: { domain: 'old.test' }, after: { domain: 'new.test' } },
    { operation: 'site.delete', target: 'kept.test', done: false },
    { operation: 'site.update', target: 'kept.test', done: true, before: { domain: 'kept.test' }, after: { domain: 'kept.test' } },
    { operation: 'site.update', target: 'old.test', done: true },
    { operation: 'site.delete', target: 'deleted.test', done: true },
    { operation: 'site.switch-many', target: 'a.test b.test', done: true },
    { operation: 'user.create', target: 'nadia', done: true },
  ];
  const names = gone(newestFirst);
  assert.deepEqual(newestFirst.map((one) => historyOf(one, names)), [null, '/sites/new.test/history', null, '/sites/kept.test/history', null, null, null, null]);
});

test('a diff of two texts keeps what is common', () => {
  const diff = unifiedDiff('{\n  "a": 1,\n  "b": 2\n}', '{\n  "a": 1,\n  "b": 3,\n  "c": 4\n}');
  const parsed = parseDiff(diff);
  assert.deepEqual([parsed.added, parsed.removed, parsed.hunks.length], [2, 1, 1]);
  const kept = parsed.hunks[0]?.lines.filter((line) => line.kind === 'same').map((line) => line.text);
  assert.deepEqual(kept, ['{', '  "a": 1,', '}']);
  assert.equal(unifiedDiff('same', 'same'), '');
});

test('a diff from nothing and to nothing is all one colour', () => {
  assert.deepEqual([parseDiff(unifiedDiff('', 'a\nb')).added, parseDiff(unifiedDiff('', 'a\nb')).removed], [2, 0]);
  assert.deepEqual([parseDiff(unifiedDiff('a', '')).added, parseDiff(unifiedDiff('a', '')).removed], [0, 1]);
});

test('long texts are not compared line by line', () => {
  const long = (word: string) => Array.from({ length: 2000 }, (_, index) => `${word} ${index}`).join('\n');
  const parsed = parseDiff(unifiedDiff(long('old'), long('new')));
  assert.deepEqual([parsed.added, parsed.removed], [2000, 2000]);
});
