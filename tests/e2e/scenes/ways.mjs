// Ways through the pages that must not lose anything: Back, a reload, a stray click, a pause while a notice is read; and
// habits that the reader may change.
import { assert, until } from '../lib/runner.mjs';

export async function ways(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const at = (where) => until(`the address ${where}`, () => page.url() === panel.origin + where);
  const domain = page.locator('input[name=domain]');
  assert.ok((await panel.api('POST', '/sites', { body: { domain: 'ways.test', kind: 'static' } })).status < 300);

  await runner.check('the step of the wizard is in the address, and its draft survives Back, a reload and another page', async () => {
    await admin.go('/sites/new');
    await admin.button('action.next').click();
    await at('/sites/new?step=domain');
    await domain.fill('draft.test');
    await admin.button('action.next').click();
    await at('/sites/new?step=options');
    await page.goBack();
    await domain.waitFor();
    assert.equal(await domain.inputValue(), 'draft.test');
    await page.reload();
    await domain.waitFor();
    assert.equal(await domain.inputValue(), 'draft.test');
    await page.getByRole('navigation').getByRole('link', { name: admin.t('nav.jobs'), exact: true }).click();
    await admin.heading('nav.jobs').waitFor();
    await admin.go('/sites/new?step=review');
    await page.getByText(admin.t('plan.test_ok')).waitFor();
    await admin.go('/sites/new');
    await admin.link('action.cancel').click();
    await admin.heading('nav.sites').waitFor();
    await admin.go('/sites/new?step=options');
    await domain.waitFor();
    assert.equal(await domain.inputValue(), '', 'who cancels begins anew, with a domain');
  });

  await runner.check('what is typed and not saved is not lost without a question', async () => {
    const field = page.locator('input[type=number]');
    const asked = page.getByRole('alertdialog', { name: admin.t('leave.title') });
    await admin.go('/sites/ways.test');
    assert.match(await page.getByRole('main').locator('time').first().innerText(), /20\d\d, \d\d:\d\d:\d\d/, 'moments are written out');
    await page.locator('a[href="/sites/ways.test/settings"]').first().click();
    await field.fill('42');
    await page.getByRole('navigation').getByRole('link', { name: admin.t('nav.jobs'), exact: true }).click();
    await asked.waitFor();
    await admin.inspect('leave-en-light');
    await asked.getByRole('button', { name: admin.t('leave.stay') }).click();
    await asked.waitFor({ state: 'detached' });
    assert.equal(await field.inputValue(), '42');
    await page.goBack();
    await asked.waitFor();
    assert.equal(new URL(page.url()).pathname, '/sites/ways.test/settings', 'the address is that of the page');
    await asked.getByRole('button', { name: admin.t('leave.verb') }).click();
    await at('/sites/ways.test');
    await page.locator('a[href="/sites/ways.test/settings"]').first().click();
    await field.waitFor();
    assert.equal(await field.inputValue(), '');
    await page.goBack();
    await at('/sites/ways.test');
  });

  await runner.check('Back from a site leads to the row that was left, and a list that changes stays as long as it is', async () => {
    const names = Array.from({ length: 350 }, (_, index) => `place-${String(index).padStart(3, '0')}.test`);
    const text = `manara = 1\n${names.map((name) => `[[site]]\ndomain = "${name}"\nkind = "static"\nenabled = false\n`).join('')}`;
    assert.equal((await panel.api('POST', '/state', { body: { document: text } })).status, 200);
    const box = page.getByRole('region', { name: admin.t('sites.list') });
    const row = (name) => box.getByRole('link', { name, exact: true });
    const scroll = (rows) => box.evaluate((node, rows) => node.scrollTo(0, rows * 52), rows);
    await admin.go('/sites?q=place-');
    await row('place-000.test').waitFor();
    await until('row 262', async () => {
      await scroll(260);
      return (await row('place-262.test').count()) === 1;
    });
    // The place is kept when scrolling has paused.
    await page.waitForTimeout(500);
    await row('place-262.test').click();
    await admin.page.getByRole('heading', { name: 'place-262.test' }).waitFor();
    await page.goBack();
    await row('place-262.test').waitFor();
    const there = () => box.evaluate((node) => [node.scrollTop, document.querySelectorAll('tbody tr').length]);
    assert.equal((await there())[0], 260 * 52);
    assert.ok((await panel.api('POST', '/sites', { body: { domain: 'place-500.test', kind: 'static' } })).status < 300);
    await page.getByText(admin.t('sites.matching', { count: 351 })).waitFor();
    assert.equal((await there())[0], 260 * 52);
    await row('place-262.test').waitFor();
  });

  await runner.check('a notice waits while it is pointed at, and goes afterwards', async () => {
    const undo = admin.button('action.undo');
    await admin.go('/sites/ways.test');
    await admin.button('site.disable').click();
    await undo.waitFor();
    assert.equal(await admin.link('site.visit').count(), 0, 'a site that is off is not visited');
    await undo.hover();
    await page.waitForTimeout(9_500);
    assert.equal(await undo.count(), 1);
    await page.mouse.move(5, 5);
    await undo.waitFor({ state: 'detached' });
  });

  await runner.check('letters alone do nothing once that is switched off', async () => {
    const letters = page.getByRole('checkbox', { name: admin.t('keys.letters') });
    await admin.go('/sites');
    await page.keyboard.press('?');
    await letters.uncheck();
    await page.keyboard.press('Escape');
    await letters.waitFor({ state: 'detached' });
    await page.keyboard.press('c');
    await page.keyboard.press('?');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    assert.equal(new URL(page.url()).pathname, '/sites');
    assert.equal(await letters.count(), 0);
    await page.evaluate(() => localStorage.removeItem('manara.keys'));
  });

  await runner.check('the theme follows the system until another is chosen, and again when that is asked for', async () => {
    const shown = (wanted) => until(`the ${wanted} theme`, async () => (await page.locator('html').getAttribute('data-theme')) === wanted);
    await page.evaluate(() => localStorage.removeItem('manara.theme'));
    await admin.go('/sites');
    await page.emulateMedia({ colorScheme: 'dark' });
    await shown('dark');
    await page.getByRole('button', { name: admin.t('theme.to_light') }).click();
    await shown('light');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.emulateMedia({ colorScheme: 'dark' });
    await shown('light');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill(admin.t('commands.theme_system'));
    await page.getByRole('option', { name: admin.t('commands.theme_system') }).waitFor();
    await page.keyboard.press('Enter');
    await shown('dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await shown('light');
  });

  await runner.check('a link into a page leads to its place', async () => {
    await page.setViewportSize({ width: 900, height: 400 });
    await admin.go('/account#password-title');
    const title = page.locator('#password-title');
    await until('the title to be on the screen', () => title.evaluate((node) => node.getBoundingClientRect().top < innerHeight && scrollY > 0));
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  await runner.check('what is typed to search a log keeps its spaces, and survives another choice', async () => {
    await admin.go('/logs');
    const search = page.getByRole('main').locator('input[type=search]');
    await search.fill('connection ');
    await at('/logs?q=connection');
    await search.press('End');
    await page.keyboard.type('refused');
    assert.equal(await search.inputValue(), 'connection refused');
    await page.getByLabel(admin.t('log.level'), { exact: true }).selectOption('error');
    await until('both in the address', () => new URL(page.url()).search.includes('level=error') && new URL(page.url()).searchParams.get('q') === 'connection refused');
  });
}
