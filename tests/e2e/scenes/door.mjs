// Claiming the panel, signing in and out, language and theme.
import { PASSWORD } from '../lib/panel.mjs';
import { assert, until } from '../lib/runner.mjs';
import { VARIANTS } from '../lib/variants.mjs';

export async function claim(world) {
  const { runner, panel, admin } = world;
  const alert = admin.page.getByRole('alert');

  await runner.check('an unclaimed panel says how to get its link, in both languages', async () => {
    await admin.go('/');
    await admin.heading('claim.title').waitFor();
    await admin.page.getByText(admin.t('claim.need_link'), { exact: true }).waitFor();
    await admin.inspect('claim-no-link-en-light');
    await admin.button('language.switch_to').click();
    admin.lang = 'ar';
    await admin.page.getByText(admin.t('claim.need_link'), { exact: true }).waitFor();
    assert.equal(await admin.page.locator('html').getAttribute('dir'), 'rtl');
    await admin.inspect('claim-no-link-ar-light');
    await admin.prefers('en', 'light');
  });

  await runner.check('nothing but the claim is open before it', async () => {
    for (const where of ['/sites', '/users', '/audit', '/settings', '/jobs', '/events']) {
      assert.equal((await panel.api('GET', where)).status, 401, where);
    }
    const restored = await panel.api('POST', '/state', { body: { sites: [] } });
    assert.equal(restored.status, 401);
  });

  await runner.check('a made-up claim link is refused', async () => {
    await admin.go('/claim#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
    await fillClaim(admin, PASSWORD, PASSWORD);
    await alert.first().waitFor();
    assert.equal((await panel.api('GET', '/claim')).body.claimed, false);
  });

  await runner.check('the printed link claims the panel, once', async () => {
    const link = panel.log().match(/http\S+\/claim#\S+/)?.[0];
    assert.ok(link, 'a link is printed');
    world.secrets.push(link.split('#')[1]);
    const open = async () => {
      await admin.page.goto('about:blank');
      await admin.page.goto(link);
      await admin.page.getByText(admin.t('claim.user_hint'), { exact: true }).waitFor();
      await admin.page.getByText(admin.t('claim.intro'), { exact: true }).waitFor();
      assert.ok(!admin.page.url().includes('#'), 'the token leaves the address bar');
    };
    for (const [lang, theme] of VARIANTS) {
      await admin.speaking(lang, theme, async () => {
        await open();
        await admin.inspect(`claim-${lang}-${theme}`);
        await fillClaim(admin, PASSWORD, `${PASSWORD} not`);
        await admin.page.getByText(admin.t('password.mismatch')).waitFor();
        await admin.inspect(`claim-mismatch-${lang}-${theme}`);
      });
    }
    await open();
    await fillClaim(admin, PASSWORD, `${PASSWORD} not`);
    await admin.page.getByText(admin.t('password.mismatch')).waitFor();
    await fillClaim(admin, 'short', 'short');
    await admin.page.locator('.field .errors').first().waitFor();
    await fillClaim(admin, PASSWORD, PASSWORD);
    await admin.signedIn();
    assert.equal(new URL(admin.page.url()).pathname, '/welcome');
    const again = await panel.api('POST', '/claim', { body: { token: link.split('#')[1], user: 'second', password: PASSWORD } });
    assert.ok(again.status >= 400 && again.status < 500, `a second claim: ${again.status}`);
  });
}

async function fillClaim(person, password, repeated) {
  await person.page.locator('input[name=user]').fill('admin');
  await person.page.locator('input[name=password]').fill(password);
  await person.page.locator('input[name=repeat]').fill(repeated);
  await person.button('claim.submit').click();
}

export async function signIn(world) {
  const { runner, admin } = world;
  const alert = admin.page.getByRole('alert');

  await runner.check('signing out ends the session', async () => {
    const cookies = (await admin.context.cookies()).filter((cookie) => cookie.httpOnly);
    assert.equal(cookies.length, 1, 'one cookie, which scripts cannot read');
    world.secrets.push(cookies[0].value);
    assert.ok(!(await admin.page.evaluate(() => document.cookie)).includes(cookies[0].value));
    await admin.page.locator('nav.sidebar .account').click();
    await admin.page.getByRole('menuitem', { name: admin.t('session.sign_out') }).click();
    await admin.heading('sign_in.title').waitFor();
    const answer = await fetch(`${admin.panel.origin}/api/v1/sites`, { headers: { cookie: `${cookies[0].name}=${cookies[0].value}` } });
    assert.equal(answer.status, 401, 'the old cookie is worth nothing');
  });

  await runner.check('a wrong password and an unknown user get the same answer', async () => {
    const said = [];
    for (const [user, password] of [['admin', 'not the password at all'], ['nobody-here', 'not the password at all']]) {
      await admin.go('/sign-in');
      await admin.signIn(user, password);
      await alert.waitFor();
      said.push(await alert.innerText());
    }
    assert.equal(said[0], said[1]);
    await admin.inspect('sign-in-refused-en-light');
  });

  await runner.check('a link leads to its page after signing in', async () => {
    await admin.go('/jobs?state=failed');
    await admin.heading('sign_in.title').waitFor();
    await admin.signIn();
    await admin.heading('nav.jobs').waitFor();
    assert.equal(new URL(admin.page.url()).search, '?state=failed');
  });

  await runner.check('language and theme survive a reload', async () => {
    await admin.go('/');
    await admin.button('language.switch_to').click();
    admin.lang = 'ar';
    await admin.button('theme.to_dark').click();
    await admin.page.reload();
    await admin.signedIn();
    const html = admin.page.locator('html');
    assert.deepEqual([await html.getAttribute('lang'), await html.getAttribute('dir'), await html.getAttribute('data-theme')], ['ar', 'rtl', 'dark']);
    await until('Arabic navigation', () => admin.link('nav.sites').isVisible());
    await admin.prefers('en', 'light');
    await admin.page.reload();
    await admin.link('nav.sites').waitFor();
  });
}
