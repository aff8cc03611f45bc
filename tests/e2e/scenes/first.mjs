// A new user's path from the claim link to a served site, counted; the steps of the first run; what was chosen there
// follows the account into another browser.
import { Panel, PASSWORD } from '../lib/panel.mjs';
import { Person } from '../lib/person.mjs';
import { assert, until } from '../lib/runner.mjs';
import { VARIANTS } from '../lib/variants.mjs';

export async function first(world) {
  const { runner } = world;
  const panel = await Panel.start();
  const person = await Person.arrive(runner, panel);
  const { page } = person;
  const link = panel.log().match(/http\S+\/claim#\S+/)?.[0];

  await runner.check('from the claim link to a served site', async () => {
    let clicks = 0;
    const click = async (button) => {
      await button.click();
      clicks += 1;
    };
    const next = () => click(person.button('action.next'));
    await page.goto(link);
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.locator('input[name=repeat]').fill(PASSWORD);
    const started = Date.now();
    await click(person.button('claim.submit'));
    for (const step of ['reading', 'account', 'certificate', 'nginx']) {
      await person.heading(`welcome.${step}`).waitFor();
      await next();
    }
    await person.heading('welcome.site').waitFor();
    await click(person.button('sites.create_first'));
    await person.heading('nav.new_site').waitFor();
    await next();
    await page.locator('input[name=domain]').fill('first.test');
    await next();
    await click(page.locator('form footer').getByRole('button', { name: person.t('wizard.to_review') }));
    await page.getByText(person.t('plan.test_ok')).waitFor();
    await click(person.button('wizard.apply'));
    await person.heading('wizard.done_title').waitFor();
    assert.equal((await panel.visit('first.test')).status, 200);
    console.log(`        ${clicks} clicks and ${((Date.now() - started) / 1000).toFixed(1)} s from the claim to a served site`);
    assert.ok(clicks <= 12, `${clicks} clicks`);
  });

  await runner.check('every step is remembered, can be opened again and left out', async () => {
    panel.admin = await panel.token('first', 'admin');
    const steps = async () => Object.fromEntries((await panel.api('GET', '/setup')).body.steps.map((step) => [step.name, step.state]));
    assert.deepEqual(await steps(), { reading: 'done', account: 'done', certificate: 'done', nginx: 'done', site: 'done' });
    await page.locator('nav.sidebar .account').click();
    await page.getByRole('menuitem', { name: person.t('nav.welcome') }).click();
    await person.heading('welcome.title').waitFor();
    await page.locator('main nav button').nth(1).click();
    await person.heading('welcome.account').waitFor();
    await person.button('welcome.skip').click();
    await person.heading('welcome.certificate').waitFor();
    assert.equal((await steps()).account, 'skipped');
  });

  await runner.check('each step, in both languages and on a phone', async () => {
    for (const [lang, theme] of VARIANTS) {
      await person.speaking(lang, theme, async () => {
        for (const step of ['reading', 'account', 'certificate', 'nginx', 'site']) {
          await person.go(`/welcome?step=${step}`);
          await person.heading(`welcome.${step}`).waitFor();
          await person.inspect(`welcome-${step}-${lang}-${theme}`);
        }
      });
    }
  });

  await runner.check('digits, Hijri dates and the name follow the account; addresses keep their digits', async () => {
    await person.prefers('ar', 'light');
    await person.go('/welcome?step=reading');
    await page.getByRole('button', { name: '٠١٢٣', exact: true }).click();
    await page.getByRole('button', { name: person.t('reading.with_hijri'), exact: true }).click();
    await page.locator('select[name=time-zone]').selectOption('Asia/Riyadh');
    await until('the sample', async () => /[٠-٩].*هـ/u.test(await page.locator('.sample').innerText()));
    await person.inspect('welcome-reading-digits-ar-light');
    await person.go('/account');
    await page.locator('input[name=display-name]').fill('أمينة ٢');
    await page.keyboard.press('Enter');
    await page.locator('.account', { hasText: 'أمينة' }).waitFor();
    const other = await Person.arrive(runner, panel, { locale: 'ar-SA' });
    other.lang = 'ar';
    await other.signIn();
    await other.signedIn();
    await other.page.locator('.account', { hasText: 'أمينة' }).waitFor();
    await other.go('/sites');
    const row = other.page.locator('tbody tr', { hasText: 'first.test' });
    await row.waitFor();
    assert.match(await row.locator('time').first().getAttribute('title'), /[٠-٩].*هـ/u);
    await other.inspect('sites-digits-ar-light');
    await other.go('/');
    await other.inspect('dashboard-digits-ar-light');
    await other.leave();
  });
  await person.leave();
  await panel.stop();
}
