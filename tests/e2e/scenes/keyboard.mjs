// The palette, and a whole way through the panel, without a mouse.
import { PASSWORD } from '../lib/panel.mjs';
import { Person } from '../lib/person.mjs';
import { assert, until } from '../lib/runner.mjs';

export async function keyboard(world) {
  const { runner, panel, admin } = world;

  await runner.check('the palette finds pages in both languages, sites and commands, by keyboard', async () => {
    const { page } = admin;
    await admin.go('/');
    await page.keyboard.press('Control+k');
    const box = page.getByRole('combobox');
    await box.waitFor();
    await page.keyboard.type('سجل');
    await admin.inspect('palette-en-light', { phone: false });
    await box.fill('');
    await page.keyboard.type('shop');
    await page.getByRole('option', { name: /shop\.test/ }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'shop.test' }).waitFor();
    await page.keyboard.press('Control+k');
    await box.waitFor();
    await page.keyboard.type('dark');
    await page.getByRole('option', { name: admin.t('commands.theme') }).waitFor();
    await page.keyboard.press('Enter');
    await until('the dark theme', async () => (await page.locator('html').getAttribute('data-theme')) === 'dark');
    await page.keyboard.press('Control+k');
    await box.waitFor();
    await page.keyboard.press('Escape');
    await box.waitFor({ state: 'detached' });
    await admin.prefers('en', 'light');
    await page.reload();
  });

  await runner.check('sign in, make a site, and delete it with the keyboard only', async () => {
    const person = await Person.arrive(runner, panel);
    const keys = person.page.keyboard;
    await person.go('/sign-in');
    await tabTo(person, 'input[name=user]');
    await keys.type('admin');
    await tabTo(person, 'input[name=password]');
    await keys.type(PASSWORD);
    await keys.press('Enter');
    await person.signedIn();
    await person.heading('attention.title').waitFor();
    await tabTo(person, 'a[href="/sites/new"]');
    await keys.press('Enter');
    await person.heading('nav.new_site').waitFor();
    await tabTo(person, 'input[name=kind]');
    await keys.press('Enter');
    await until('the field of the domain to have the focus', () => focused(person, 'input[name=domain]'));
    await keys.type('keys.test');
    await keys.press('Enter');
    await until('the options', () => focused(person, 'input[type=number]'));
    await keys.press('Enter');
    await person.page.getByText(person.t('plan.test_ok')).waitFor();
    await tabTo(person, 'footer .button.primary');
    await keys.press('Space');
    await person.heading('wizard.done_title').waitFor();
    assert.equal((await panel.visit('keys.test')).status, 200);
    await tabTo(person, 'a.button[href="/sites/keys.test"]');
    await keys.press('Enter');
    await person.button('site.delete').waitFor();
    await tabTo(person, `button[aria-label="${person.t('site.delete')}"]`);
    await keys.press('Enter');
    await until('Cancel to have the focus', () => focused(person, '[role=alertdialog] [data-alert-dialog-cancel]'));
    await tabTo(person, '[role=alertdialog] input');
    await keys.type('keys.test');
    await tabTo(person, '[role=alertdialog] .button.danger');
    await keys.press('Enter');
    await until('the list', () => new URL(person.page.url()).pathname === '/sites');
    assert.equal((await panel.api('GET', '/sites/keys.test')).status, 404);
    await person.leave();
  });
}

function focused(person, selector) {
  return person.page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);
}

/** Presses Tab until `selector` has the focus, and checks that the focus can be seen there. */
async function tabTo(person, selector) {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await focused(person, selector)) {
      const seen = await person.page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return document.activeElement.matches(':focus-visible') && (style.outlineStyle !== 'none' || style.boxShadow !== 'none');
      });
      assert.ok(seen, `the focus on ${selector} can be seen`);
      return;
    }
    await person.page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${selector}`);
}
