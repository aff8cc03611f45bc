// What was changed lately, two who change the same thing, and the way back from what was just done.
import { Person } from '../lib/person.mjs';
import { assert, until } from '../lib/runner.mjs';

export async function changes(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const keys = page.keyboard;
  const row = (key) => page.locator('main li', { hasText: key });
  const stored = async (key) => (await panel.api('GET', '/settings')).body.items.find((item) => item.key === key);
  const set = async (body) => assert.equal((await panel.api('PATCH', '/settings', { body })).status, 200);
  const role = async (name) => (await panel.api('GET', '/users')).body.items.find((user) => user.name === name)?.role;
  const idle = (seconds) => until(`session.idle_s to be ${seconds}`, async () => (await stored('session.idle_s')).value === seconds);
  await panel.site({ domain: 'lately.test', kind: 'static' });
  await panel.api('POST', '/users', { body: { name: 'nadia', role: 'viewer', password: 'four plain words here' } });

  await runner.check('the dashboard tells who changed what, at once, and leads to its history', async () => {
    await admin.go('/');
    const card = page.locator('section[aria-labelledby=recent-title]');
    await card.getByText('lately.test').first().waitFor();
    // Neither the refused nor the signing in is a change.
    await set({ 'session.idle_s': 7200 });
    const changed = card.locator('li').first();
    await changed.getByText('session.idle_s').waitFor();
    assert.match(await changed.innerText(), /e2e/);
    assert.equal((await panel.api('PATCH', '/sites/lately.test', { body: { max_body_mb: 21 } })).status, 200);
    await changed.getByText('lately.test').waitFor();
    await admin.inspect('dashboard-changes-en-light');
    await admin.speaking('ar', 'dark', async () => {
      await admin.go('/');
      await card.getByText('lately.test').first().waitFor();
      await admin.inspect('dashboard-changes-ar-dark');
    });
    await admin.go('/');
    await changed.getByRole('link').click();
    await page.waitForURL(/\/sites\/lately\.test\/history$/);
    await page.getByText('21', { exact: true }).waitFor();
  });

  await runner.check('who may not read the trail is told of the jobs', async () => {
    const viewer = await Person.arrive(runner, panel);
    await viewer.signIn('nadia', 'four plain words here');
    await viewer.signedIn();
    const card = viewer.page.locator('section[aria-labelledby=recent-title]');
    const changed = card.locator('li').first();
    await changed.getByText('lately.test').waitFor();
    assert.match(await changed.innerText(), /e2e/);
    assert.equal(await card.getByText('session.idle_s').count(), 0);
    assert.match(await changed.getByRole('link').getAttribute('href'), /^\/jobs\/j/);
    assert.equal(await card.getByRole('link', { name: viewer.t('changes.all') }).getAttribute('href'), '/jobs');
    await viewer.leave();
  });

  await runner.check('settings that somebody else saved meanwhile are told, and either may stay', async () => {
    await admin.go('/settings');
    const field = row('session.idle_s').locator('input');
    const type = async (text) => {
      await field.fill(text);
      await admin.button('settings.save').click();
    };
    await field.waitFor();
    await set({ 'session.idle_s': 3600 });
    await type('4000');
    const notice = page.getByRole('alert');
    await notice.getByText(admin.t('race.title')).waitFor();
    assert.match(await notice.innerText(), /e2e[^]*7200[^]*3600/);
    await admin.inspect('race-settings-en-light');
    await admin.button('race.theirs').click();
    assert.equal(await field.inputValue(), '3600');
    await set({ 'session.idle_s': 5000 });
    await type('4000');
    await admin.button('race.mine').click();
    await admin.button('settings.save').click();
    await idle(4000);
    // Another setting is no conflict.
    await set({ 'session.total_s': 90000 });
    await type('4100');
    await idle(4100);
    assert.equal((await stored('session.total_s')).value, 90000);
  });

  await runner.check('saved settings are taken back by one key', async () => {
    await page.getByText(admin.t('settings.saved')).first().waitFor();
    await page.locator('main').focus();
    await keys.press('u');
    await idle(4000);
    await page.getByText(admin.t('settings.undone')).waitFor();
    await until('the field to show it', async () => (await row('session.idle_s').locator('input').inputValue()) === '4000');
    await set({ 'session.idle_s': null, 'session.total_s': null });
  });

  await runner.check('a role that two change: told, and taken back by Ctrl+Z', async () => {
    await admin.go('/users');
    const open = async () => {
      await admin.button('users.row_menu', { name: 'nadia' }).click();
      await page.getByRole('menuitem', { name: admin.t('users.change_role') }).click();
    };
    const dialog = page.getByRole('dialog');
    const save = () => dialog.getByRole('button', { name: admin.t('action.save') }).click();
    await open();
    await panel.api('PATCH', '/users/nadia', { body: { role: 'operator' } });
    await dialog.locator('select').selectOption('admin');
    await save();
    await dialog.getByText(admin.t('race.title')).waitFor();
    assert.match(await dialog.getByRole('alert').innerText(), /e2e/);
    await admin.inspect('race-user-en-light');
    await dialog.getByRole('button', { name: admin.t('race.mine') }).click();
    await save();
    await until('the role', async () => (await role('nadia')) === 'admin');
    await dialog.waitFor({ state: 'detached' });
    await keys.press('Control+z');
    await until('the role to be back', async () => (await role('nadia')) === 'operator');
    assert.equal((await panel.api('DELETE', '/users/nadia')).status, 200);
  });

  await runner.check('a way back that is closed says why', async () => {
    await admin.go('/settings');
    await row('session.idle_s').locator('input').fill('6000');
    await admin.button('settings.save').click();
    await page.getByText(admin.t('settings.saved')).waitFor();
    await set({ 'session.idle_s': 6001 });
    await admin.button('action.undo').click();
    await page.locator('.toast .danger').waitFor();
    assert.equal((await stored('session.idle_s')).value, 6001);
    await set({ 'session.idle_s': null });
    for (const one of runner.people) one.problems.length = 0;
  });
}
