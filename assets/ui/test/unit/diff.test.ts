import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asLines, parseDiff } from '../../src/lib/diff';

test('lines have the numbers of both sides', () => {
  const parsed = parseDiff('--- a/x\n+++ b/x\n@@ -3,3 +3,4 @@\n same\n-old\n+new\n+more\n end\n');
  assert.deepEqual(parsed.hunks[0]?.lines, [
    { kind: 'same', text: 'same', before: 3, after: 3 },
    { kind: 'removed', text: 'old', before: 4, after: null },
    { kind: 'added', text: 'new', before: null, after: 4 },
    { kind: 'added', text: 'more', before: null, after: 5 },
    { kind: 'same', text: 'end', before: 5, after: 6 },
  ]);
  assert.deepEqual([parsed.added, parsed.removed], [2, 1]);
});

test('content that looks like a header is content', () => {
  const parsed = parseDiff('--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n--- a comment\n-@@ -9 +9 @@\n+++ kept\n');
  assert.deepEqual(parsed.hunks[0]?.lines.map((line) => [line.kind, line.text]), [
    ['removed', '-- a comment'],
    ['removed', '@@ -9 +9 @@'],
    ['added', '++ kept'],
  ]);
});

test('several hunks, and marks of a missing newline', () => {
  const parsed = parseDiff('@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n@@ -9 +9 @@\n-c\n+d\n');
  assert.deepEqual(parsed.hunks.map((hunk) => hunk.lines.map((line) => line.text)), [['a', 'b'], ['c', 'd']]);
});

test('an empty diff has nothing to show', () => {
  assert.deepEqual(parseDiff(''), { hunks: [], added: 0, removed: 0 });
});

test('a whole text has one number for each line', () => {
  assert.deepEqual(asLines('a\n\nb\n').map((line) => [line.after, line.text]), [[1, 'a'], [2, ''], [3, 'b']]);
});
