import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatDay, formatDuration, formatMoment } from '../../src/lib/format';
import { fill, fillPlural, formatNumber, pieces, setDisplay } from '../../src/lib/i18n';
import ar from '../../src/locales/ar';
import en from '../../src/locales/en';

test('a text is cut at its placeholders', () => {
  assert.deepEqual(pieces('Delete {domain}?'), [{ text: 'Delete ' }, { param: 'domain' }, { text: '?' }]);
  assert.deepEqual(pieces('{a}{b}'), [{ param: 'a' }, { param: 'b' }]);
  assert.deepEqual(pieces('plain'), [{ text: 'plain' }]);
});

test('plain values are isolated in Arabic sentences only', () => {
  assert.equal(fill('حذف {name}؟', { name: 'a.test' }, 'ar'), 'حذف \u2068a.test\u2069؟');
  assert.equal(fill('Delete {name}?', { name: 'a.test' }, 'en'), 'Delete a.test?');
});

test('no value reorders its sentence', () => {
  for (const [value, kept] of [
    ['سارة', 'سارة'],
    ['sara\u202enimda', 'sara\u202enimda'],
    ['a\u2069\u202eb', 'a\u202eb'],
    ['a\u2067b', 'a\u2067b\u2069'],
    ['\u2068سارة\u2069 x', '\u2068سارة\u2069 x'],
  ] as const) {
    assert.equal(fill('حذف {name}؟', { name: value }, 'ar'), `حذف \u2068${kept}\u2069؟`);
    assert.equal(fill('Delete {name}?', { name: value }, 'en'), `Delete \u2068${kept}\u2069?`);
  }
});

test('a value that looks like a placeholder stays a value', () => {
  assert.equal(fill('{a} {b}', { a: '{b}', b: 'x' }, 'en'), '{b} x');
});

test('a missing parameter shows its name instead of nothing', () => {
  assert.equal(fill('for {name}', {}, 'en'), 'for {name}');
});

test('Arabic has six plural forms, in Western digits', () => {
  const forms = ar['sites.count'];
  assert.ok(typeof forms === 'object');
  const said = [0, 1, 2, 3, 11, 100, 10_000].map((count) => fillPlural(forms, count, {}, 'ar'));
  assert.deepEqual(said, ['لا مواقع', 'موقع واحد', 'موقعان', '3 مواقع', '11 موقعًا', '100 موقع', '10,000 موقع']);
});

test('English has two', () => {
  const forms = en['sites.count'];
  assert.ok(typeof forms === 'object');
  assert.deepEqual([0, 1, 2].map((count) => fillPlural(forms, count, {}, 'en')), ['0 sites', '1 site', '2 sites']);
});

test('numbers use Western digits in both languages', () => {
  assert.equal(formatNumber(1234.56, 'ar'), '1,234.6');
  assert.equal(formatNumber(1234.56, 'en'), '1,234.6');
});

test('digits, calendar and time zone follow the reader', () => {
  const at = Date.parse('2026-11-21T22:30:05Z');
  const usual = { digits: 'latin', calendar: 'gregorian', timeZone: 'UTC' } as const;
  setDisplay(usual);
  assert.equal(formatMoment(at, 'en'), 'Nov 21, 2026, 22:30:05');
  assert.equal(formatDay(at, 'ar'), '21‏/11‏/2026');
  setDisplay({ digits: 'arabic-indic', calendar: 'with-hijri', timeZone: 'Asia/Riyadh' });
  assert.equal(formatMoment(at, 'en'), 'Nov 22, 2026, 01:30:05 (Jumada II 12, 1448 AH)', 'English keeps its digits');
  assert.match(formatMoment(at, 'ar'), /^٢٢.*٢٠٢٦.*٠١:٣٠:٠٥ \(١٢ جمادى الآخرة ١٤٤٨ هـ\)$/u);
  assert.equal(formatNumber(1234.5, 'ar'), '١٬٢٣٤٫٥');
  assert.equal(formatDuration(3_661, 'ar'), '١:٠١:٠١');
  assert.equal(formatBytes(1536, 'ar'), '١٫٥ KiB');
  assert.equal(fill('{n} من {name}', { n: 12, name: 'a12.test' }, 'ar'), '١٢ من \u2068a12.test\u2069', 'names keep theirs');
  setDisplay(usual);
});
