import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Setting } from '../../src/lib/types';
import { differs, isDefault, valueOf } from '../../src/pages/settings/draft';

const setting = (kind: 'default' | 'env' | 'store', value: Setting['value'], own: Setting['value']) => ({ key: 'x', value, default: own, source: { kind } }) as Setting;

test('a value is the default when nobody has set another one', () => {
  // What stands for another option in a default is put in before the value is told.
  assert.ok(isDefault(setting('default', 'sqlite:///srv/panel/manara.db', 'sqlite://{data_dir}/manara.db')));
  assert.ok(isDefault(setting('store', 600, 600)));
  assert.ok(!isDefault(setting('env', 8080, 80)));
  assert.ok(!isDefault(setting('store', ['a.test'], [])));
});

test('the way back to the default changes only what is stored', () => {
  assert.ok(!differs(setting('default', 600, 600), null));
  assert.ok(differs(setting('store', 600, 600), null));
  assert.ok(!differs(setting('store', ['a.test'], []), ' a.test \n'));
});

test('a number may be typed in Arabic digits', () => {
  assert.equal(valueOf(setting('default', 600, 600), ' ٩٠٠ '), 900);
  assert.equal(valueOf(setting('default', 600, 600), 'نصف'), 'نصف', 'the server names the field');
});
