// Settings, and the guard over those that can shut everybody out.
import { freePort } from '../lib/panel.mjs';
import { assert, until } from '../lib/runner.mjs';
import { VARIANTS } from '../lib/variants.mjs';

export async function settings(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const row = (key) => page.locator('li', { hasText: key });
  const stored = async (key) => (await panel.api('GET', '/settings')).body.items.find((item) => item.key === key);
  const type = async (key, text) => {
    await row(key).locator('input, textarea').fill(text);
    await admin.button('settings.save').click();
  };

  await runner.check('what was changed from its default is marked and filtered, a search finds, and the address says both', async () => {
    const { items } = (await panel.api('GET', '/settings', { headers: { 'Accept-Language': 'en' } })).body;
    const named = (wanted) => items.filter(wanted).map(({ key }) => key).sort().join();
    const changed = ({ source, value, default: own }) => source.kind !== 'default' && String(value) !== String(own);
    const found = ({ key, text, value }) => [key, text, String(value)].some((part) => part.toLowerCase().includes('port'));
    const shown = async () => (await page.locator('main li .key').allInnerTexts()).sort().join();
    const marked = (key, text) => page.locator('main li', { has: page.locator('.key', { hasText: new RegExp(`^${key}$`) }) }).getByText(admin.t(text), { exact: true });
    await admin.go('/settings');
    await marked('nginx.http_port', 'settings.changed').waitFor();
    // Their defaults name another option, so they never read like their values.
    for (const key of ['database_url', 'key_file', 'host_socket']) await marked(key, 'settings.default').waitFor();
    assert.equal(await shown(), named(() => true));
    await admin.button('settings.only_changed').click();
    await page.waitForURL(/[?&]changed=yes/);
    await until('what was changed alone', async () => (await shown()) === named(changed));
    await page.getByRole('searchbox', { name: admin.t('settings.search') }).fill('PORT');
    await page.waitForURL(/[?&]q=PORT/);
    await until('both filters', async () => (await shown()) === named((item) => changed(item) && found(item)));
    await page.reload();
    await until('both filters after a reload', async () => (await shown()) === named((item) => changed(item) && found(item)));
    await admin.button('settings.all').click();
    await until('the search alone', async () => (await shown()) === named(found));
    await page.getByRole('searchbox', { name: admin.t('settings.search') }).fill('no such option');
    await page.getByText(admin.t('settings.none')).waitFor();
    await admin.inspect('settings-none-en-light');
  });

  await runner.check('a wrong value is said at its field, a right one saved, and the default comes back', async () => {
    await admin.go('/settings');
    await type('session.idle_s', '5');
    await row('session.idle_s').locator('[aria-invalid=true]').waitFor();
    await admin.inspect('settings-problem-en-light');
    await type('session.idle_s', '600');
    await until('the value to be stored', async () => (await stored('session.idle_s')).value === 600);
    await row('session.idle_s').getByRole('button', { name: admin.t('settings.back_to_default') }).click();
    await admin.button('settings.save').click();
    await until('the default to be back', async () => (await stored('session.idle_s')).source.kind === 'default');
  });

  await runner.check('a change of names counts down, and is kept or taken back', async () => {
    await type('panel.host_names', 'panel.test');
    await page.getByRole('timer').waitFor();
    await admin.button('guard.keep').click();
    await page.getByRole('timer').waitFor({ state: 'detached' });
    assert.deepEqual((await stored('panel.host_names')).value, ['panel.test']);
    await type('panel.host_names', 'other.test');
    await admin.button('guard.take_back').click();
    await page.getByRole('timer').waitFor({ state: 'detached' });
    assert.deepEqual((await stored('panel.host_names')).value, ['panel.test']);
  });

  await runner.check('what a flag overrides is saved, without a way back that would not work', async () => {
    await admin.go('/settings');
    const address = `127.0.0.1:${await freePort()}`;
    await type('panel.listen', address);
    await page.getByText(admin.t('settings.saved_overridden', { names: 'panel.listen' })).waitFor();
    assert.equal(await admin.button('action.undo').count(), 0);
    await row('panel.listen').getByText(admin.t('settings.overridden')).waitFor();
    assert.notEqual((await stored('panel.listen')).value, address, 'this run goes on where it is');
  });

  await runner.check('a new address is kept from the page that is opened there', async () => {
    const [from, to] = [await freePort(), await freePort()];
    const set = await panel.api('PATCH', '/settings', { body: { 'panel.listen': `127.0.0.1:${from}` } });
    assert.deepEqual([set.body.guard, set.body.overridden], [null, ['panel.listen']], 'a flag says where this run listens');
    // An open page would call the old address, where nobody answers any more, for as long as the start takes.
    await page.goto('about:blank');
    await panel.restartAt(from);
    await admin.go('/settings');
    await type('panel.listen', `127.0.0.1:${to}`);
    const link = page.locator(`a[href="http://127.0.0.1:${to}/settings"]`);
    await link.waitFor();
    for (const [lang, theme] of VARIANTS) {
      await admin.speaking(lang, theme, async () => {
        await admin.go('/settings');
        await link.waitFor();
        await admin.inspect(`guard-${lang}-${theme}`);
      });
    }
    assert.equal(await admin.button('guard.keep').count(), 0, 'the old address cannot confirm');
    await admin.go('/settings');
    await link.click();
    await page.waitForURL(`http://127.0.0.1:${to}/settings`);
    panel.port = to;
    await admin.button('guard.keep').click();
    await page.getByRole('timer').waitFor({ state: 'detached' });
    await until('the old address to be closed', () => fetch(`http://127.0.0.1:${from}/health/live`).then(() => assert.fail('it answers'), () => true));
    assert.equal((await stored('panel.listen')).value, `127.0.0.1:${to}`);
  });
}
