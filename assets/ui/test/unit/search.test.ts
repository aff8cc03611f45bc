import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTyped, latinDigits, shownDigits } from '../../src/lib/digits';
import { setDisplay } from '../../src/lib/i18n';
import { isSelectAll } from '../../src/lib/listkeys';
import { Keys, strokeName, type Stroke } from '../../src/app/keys';
import { closeness, fold, matches, parseAction } from '../../src/app/search';

const VERBS = { open: ['open', 'فتح'], switch: ['disable enable switch', 'تعطيل تفعيل'], nginx: ['nginx configuration', 'إعدادات nginx'] };

test('Arabic is found however it is typed', () => {
  assert.equal(fold('إِضَافَة'), fold('اضافه'));
  assert.ok(matches('SITES', ['Sites']));
  assert.ok(matches('موقع جديد', ['New site', 'موقع جديد']));
  assert.ok(!matches('sites x', ['Sites']));
  for (const typed of ['الاعدادات', 'الإعدادات', 'الإِعْدَادَات', 'الإعـــدادات']) assert.ok(matches(typed, ['الإعدادات']), typed);
  assert.equal(fold('شهادة'), fold('شهاده'));
  assert.equal(fold('مؤسسة'), fold('موسسه'));
  assert.equal(fold('على'), fold('علي'));
  assert.equal(fold('شئ'), fold('شي'));
  assert.equal(fold('٢٠٢٦ ۷'), '2026 7');
  assert.equal(fold('\u2068Café\u2069'), 'cafe');
});

test('what begins with the query comes first', () => {
  assert.deepEqual([closeness('si', ['Sites']), closeness('si', ['New site']), closeness('te', ['Sites'])], [0, 1, 2]);
});

test('a query says what to do and to what, in either language', () => {
  assert.deepEqual(parseAction('disable shop', VERBS), { actions: ['switch'], object: 'shop' });
  assert.deepEqual(parseAction('تعطيل shop.test', VERBS), { actions: ['switch'], object: 'shop.test' });
  assert.deepEqual(parseAction('shop ngi', VERBS), { actions: ['nginx'], object: 'shop' });
  assert.deepEqual(parseAction('shop', VERBS), { actions: ['open', 'switch', 'nginx'], object: 'shop' });
  assert.deepEqual(parseAction('disable', VERBS).object, 'disable', 'a word alone may be a name');
});

const stroke = (key: string, code: string, more: Partial<Stroke> = {}): Stroke => ({ key, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

test('a letter is the one printed on a Latin keyboard, whatever layout is on', () => {
  assert.equal(strokeName(stroke('s', 'KeyS')), 's');
  assert.equal(strokeName(stroke('س', 'KeyS')), 's');
  assert.equal(strokeName(stroke('a', 'KeyQ')), 'a', 'where Latin letters are typed, what is typed counts');
  assert.equal(strokeName(stroke('؟', 'Slash', { shiftKey: true })), '?');
  assert.equal(strokeName(stroke('ظ', 'Slash')), '/');
  assert.equal(strokeName(stroke('?', 'Minus', { shiftKey: true })), '?');
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) assert.equal(strokeName(stroke('s', 'KeyS', more)), null);
  assert.equal(strokeName(stroke('S', 'KeyS', { shiftKey: true })), null);
  assert.equal(strokeName(stroke('Enter', 'Enter')), null);
});

test('two strokes make one shortcut when they follow each other', () => {
  const run = () => undefined;
  const shortcuts = ['g s', 'g j', 'c'].map((keys) => ({ keys, title: 'nav.sites', run }) as const);
  const keys = new Keys();
  assert.equal(keys.take('g', shortcuts, 0), null);
  assert.equal(keys.take('s', shortcuts, 100)?.keys, 'g s');
  assert.equal(keys.take('s', shortcuts, 200), null, 'what was used up does not count again');
  keys.take('g', shortcuts, 1_000);
  assert.equal(keys.take('j', shortcuts, 9_000), null, 'too late');
  keys.take('g', shortcuts, 10_000);
  assert.equal(keys.take('c', shortcuts, 10_100), null, 'another shortcut may be meant');
  assert.equal(keys.take('c', shortcuts, 10_200)?.keys, 'c');
});

test('digits of Arabic and Persian keyboards are digits', () => {
  assert.equal(latinDigits('٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹ a7'), '0123456789 0123456789 a7');
  assert.ok(isTyped(' ١٢ ', '12') && isTyped('۱۲', '12') && isTyped('shop١.test', 'shop1.test'));
  assert.ok(!isTyped('13', '12') && !isTyped('', '12'));
});

test('digits inside texts are those that the reader wants', () => {
  const usual = { digits: 'latin', calendar: 'gregorian', timeZone: null } as const;
  assert.equal(shownDigits('24 ساعة', 'ar'), '24 ساعة');
  setDisplay({ ...usual, digits: 'arabic-indic' });
  assert.deepEqual([shownDigits('24 ساعة', 'ar'), shownDigits('24 hours', 'en')], ['٢٤ ساعة', '24 hours']);
  setDisplay(usual);
});

test('everything is chosen on an Arabic keyboard as well', () => {
  const press = (key: string, code: string, ctrlKey = true) => isSelectAll({ key, code, ctrlKey, metaKey: false });
  assert.ok(press('a', 'KeyA') && press('A', 'KeyA') && press('ش', 'KeyA'));
  assert.ok(press('a', 'KeyQ') && !press('q', 'KeyA'), 'where Latin letters are typed, what is typed counts');
  assert.ok(!press('ش', 'KeyA', false) && !press('ض', 'KeyQ'));
});
