// Users, roles, sessions and API tokens: what somebody may see is what the API allows, and an end is an end at once.
import { PASSWORD } from '../lib/panel.mjs';
import { Person } from '../lib/person.mjs';
import { assert, until } from '../lib/runner.mjs';
import { VARIANTS } from '../lib/variants.mjs';

/** A browser that says something nasty about itself. */
const HOSTILE_AGENT = 'Mozilla/5.0 <img src=x onerror="window.pwned=1"> \'";--';

export async function people(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  let viewer;

  await runner.check('an API token is shown once, and works', async () => {
    await admin.go('/account');
    await admin.button('account.token_create').click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input').first().fill('<b>deploy</b> & نشر');
    await dialog.locator('select').first().selectOption('operator');
    await admin.inspect('token-dialog-en-light');
    await dialog.getByRole('button', { name: admin.t('account.token_create') }).click();
    const token = (await dialog.locator('code.secret').innerText()).trim();
    world.secrets.push(token);
    await admin.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: panel.origin });
    await dialog.getByRole('button', { name: admin.t('action.copy'), exact: true }).click();
    await dialog.getByText(admin.t('action.copied'), { exact: true }).waitFor({ state: 'attached' });
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
    await dialog.getByRole('button', { name: admin.t('action.done') }).click();
    await page.reload();
    await page.getByText('<b>deploy</b> & نشر', { exact: true }).waitFor();
    assert.ok(!(await page.content()).includes(token), 'the token is not shown again');
    assert.equal((await panel.api('GET', '/sites', { token })).status, 200);
    assert.equal((await panel.api('GET', '/users', { token })).status, 403, 'it has its role, not its maker\'s');
    await page.locator('li', { hasText: '<b>deploy</b>' }).getByRole('button', { name: admin.t('account.token_revoke') }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: admin.t('account.token_revoke') }).click();
    await until('the token to be worth nothing', async () => (await panel.api('GET', '/sites', { token })).status === 401);
  });

  await runner.check('a token keeps only the permissions that are left to it, and the list names them', async () => {
    const { items } = (await panel.api('GET', '/roles', { headers: { 'Accept-Language': 'en' } })).body;
    const text = (permission) => items.find((item) => item.permission === permission).text;
    await admin.go('/account');
    await admin.button('account.token_create').click();
    const dialog = page.getByRole('dialog');
    const make = dialog.getByRole('button', { name: admin.t('account.token_create') });
    const boxes = dialog.locator('input[name=scopes]');
    await dialog.locator('input').first().fill('reader');
    await dialog.locator('select').first().selectOption('admin');
    await until('every permission', async () => (await boxes.count()) === items.length);
    await dialog.locator('select').first().selectOption('viewer');
    const allowed = items.filter(({ roles }) => roles.includes('viewer')).map(({ permission }) => permission);
    await until('those of the role alone', async () => (await boxes.count()) === allowed.length);
    assert.deepEqual(await boxes.evaluateAll((found) => found.map((one) => [one.value, one.checked])), allowed.map((name) => [name, true]));
    for (const name of allowed) await dialog.getByLabel(text(name), { exact: true }).uncheck();
    await dialog.getByText(admin.t('account.token_scopes_none')).waitFor();
    assert.ok(await make.isDisabled(), 'a token that may do nothing is none');
    await admin.inspect('token-scopes-en-light');
    await dialog.getByLabel(text('jobs-read'), { exact: true }).check();
    await make.click();
    const token = (await dialog.locator('code.secret').innerText()).trim();
    world.secrets.push(token);
    await dialog.getByRole('button', { name: admin.t('action.done') }).click();
    const row = page.locator('main li', { hasText: 'reader' });
    await row.getByText(text('jobs-read'), { exact: true }).waitFor();
    assert.equal(await row.getByText(text('sites-read'), { exact: true }).count(), 0);
    assert.deepEqual([(await panel.api('GET', '/jobs', { token })).status, (await panel.api('GET', '/sites', { token })).status], [200, 403]);
    await admin.speaking('ar', 'dark', async () => {
      await admin.go('/account');
      await row.waitFor();
      await admin.inspect('account-scopes-ar-dark');
      await admin.button('account.token_create').click();
      await boxes.first().waitFor();
      await admin.inspect('token-scopes-ar-dark');
    });
    const made = (await panel.api('GET', '/tokens')).body.items.find(({ name }) => name === 'reader');
    assert.deepEqual(made.scopes, ['jobs-read']);
    assert.equal((await panel.api('DELETE', `/tokens/${made.id}`)).status, 200);
  });

  await runner.check('a viewer sees no way to change anything, and the API refuses it', async () => {
    await admin.go('/users');
    await admin.button('users.create').click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input:not([type=password])').first().fill('salma');
    await dialog.locator('select').selectOption('viewer');
    await dialog.locator('input[type=password]').fill('short');
    await dialog.getByRole('button', { name: admin.t('users.create') }).click();
    await dialog.locator('.field .errors').first().waitFor();
    await admin.inspect('user-dialog-en-light');
    await dialog.locator('input[type=password]').fill(PASSWORD);
    await dialog.getByRole('button', { name: admin.t('users.create') }).click();
    await page.locator('main li', { hasText: 'salma' }).waitFor();
    viewer = await Person.arrive(runner, panel, { userAgent: HOSTILE_AGENT });
    await viewer.signIn('salma');
    await viewer.signedIn();
    await viewer.go('/sites/shop.test');
    await viewer.link('site.visit').waitFor();
    for (const key of ['site.disable', 'site.delete']) assert.equal(await viewer.button(key).count(), 0, key);
    await viewer.go('/sites/shop.test/nginx');
    await viewer.page.getByText(viewer.t('nginx.clean')).waitFor();
    assert.equal(await viewer.button('nginx.reapply').count(), 0);
    await viewer.go('/sites/shop.test/settings');
    assert.ok(await viewer.button('action.review_changes').isDisabled());
    await viewer.go('/account');
    await viewer.button('account.token_create').click();
    const roles = await viewer.page.getByRole('dialog').getByLabel(viewer.t('role.label')).locator('option').allInnerTexts();
    assert.deepEqual(roles, [viewer.t('role.viewer')], 'a token has no more than its user');
    await viewer.go('/sites');
    await viewer.page.locator('tbody a').first().waitFor();
    assert.equal(await viewer.link('sites.create').count(), 0);
    await viewer.inspect('viewer-sites-en-light');
    for (const key of ['nav.users', 'nav.audit']) assert.equal(await viewer.link(key).count(), 0, key);
    for (const where of ['/sites/new', '/users']) {
      await viewer.go(where);
      await viewer.heading('not_found.title').waitFor();
    }
    assert.equal(await viewer.asks('DELETE', '/sites/shop.test'), 403);
    assert.equal(await viewer.asks('POST', '/sites', { domain: 'x.test', kind: 'static' }), 403);
    assert.equal(await viewer.asks('GET', '/audit'), 403);
    assert.equal(await viewer.asks('PATCH', '/users/salma', { role: 'admin' }), 403);
  });

  await runner.check('every dialog, in both languages and on a phone', async () => {
    const site = '/sites/shop.test';
    const { max_body_mb: former } = (await panel.api('GET', site)).body;
    let other = former ?? 1;
    const ofUser = async (key) => {
      await admin.go('/users');
      await admin.button('users.row_menu', { name: 'salma' }).click();
      await page.getByRole('menuitem', { name: admin.t(key), exact: true }).click();
    };
    const typeLimit = async () => {
      await admin.go(`${site}/settings`);
      await page.locator('input[type=number]').first().fill('77');
    };
    const DIALOGS = {
      token: async () => {
        await admin.go('/account');
        await admin.button('account.token_create').click();
        await page.getByRole('dialog').waitFor();
      },
      'user-new': async () => {
        await admin.go('/users');
        await admin.button('users.create').click();
        await page.getByRole('dialog').waitFor();
      },
      'user-role': async () => {
        await ofUser('users.change_role');
        await page.getByRole('dialog').waitFor();
      },
      'user-password': async () => {
        await ofUser('users.set_password');
        await page.getByRole('dialog').waitFor();
      },
      'user-delete': async () => {
        await ofUser('users.delete');
        await page.getByRole('alertdialog').waitFor();
      },
      'site-delete': async () => {
        await admin.go(site);
        await admin.button('site.delete').click();
        await page.getByRole('alertdialog').waitFor();
      },
      plan: async () => {
        await typeLimit();
        await admin.button('action.review_changes').click();
        await admin.heading('plan.title').waitFor();
      },
      race: async () => {
        await typeLimit();
        other += 1;
        assert.equal((await panel.api('PATCH', site, { body: { max_body_mb: other } })).status, 200);
        await page.getByRole('alert').getByText(admin.t('race.title')).waitFor();
      },
    };
    for (const [lang, theme] of VARIANTS) {
      await admin.speaking(lang, theme, async () => {
        for (const [name, open] of Object.entries(DIALOGS)) {
          await open();
          await admin.inspect(`dialog-${name}-${lang}-${theme}`);
        }
      });
    }
    assert.equal((await panel.api('PATCH', site, { body: { max_body_mb: former } })).status, 200);
  });

  await runner.check('who may not read logs is led on from a failed service too', async () => {
    const [{ name }] = (await panel.api('GET', '/services')).body.items;
    // Only the state is made up; without the stream it stays.
    await viewer.page.route('**/api/v1/events*', (route) => route.fulfill({ contentType: 'text/event-stream', body: '' }));
    await viewer.page.route('**/api/v1/services', async (route) => {
      const answer = await route.fetch();
      const list = await answer.json();
      list.items[0].state = 'failed';
      await route.fulfill({ json: list });
    });
    try {
      await viewer.go('/');
      const way = viewer.page.locator('section[aria-labelledby=attention-title] li', { hasText: viewer.t('attention.service', { name }) }).getByRole('link');
      await way.waitFor();
      assert.equal(await way.getAttribute('href'), '/doctor');
    } finally {
      // A question may be under way still.
      await viewer.page.unrouteAll({ behavior: 'ignoreErrors' });
    }
  });

  await runner.check('a change without the CSRF token or from elsewhere is refused', async () => {
    assert.equal(await admin.asks('DELETE', '/sites/shop.test', undefined, { 'X-Manara-CSRF': '' }), 403);
    const [cookie] = (await admin.context.cookies()).filter((one) => one.httpOnly);
    for (const origin of ['https://evil.test', 'null']) {
      const answer = await fetch(`${panel.origin}/api/v1/sites/shop.test`, {
        method: 'DELETE',
        headers: { cookie: `${cookie.name}=${cookie.value}`, origin, 'sec-fetch-site': 'cross-site' },
      });
      assert.equal(answer.status, 403, origin);
    }
    assert.equal((await panel.visit('shop.test')).status, 200);
  });

  await runner.check('a hostile browser name is only text in the list of sessions', async () => {
    await admin.go('/users');
    await page.locator('main li', { hasText: 'salma' }).waitFor();
    const own = await Person.arrive(runner, panel, { userAgent: HOSTILE_AGENT });
    await own.signIn();
    await own.signedIn();
    await admin.go('/account');
    const row = page.locator('li', { hasText: '<img src=x' });
    await row.waitFor();
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    await admin.inspect('account-hostile-en-light');
    await row.getByRole('button', { name: admin.t('account.end_session') }).first().click();
    await page.getByRole('alertdialog').getByRole('button', { name: admin.t('account.end_session') }).click();
    // What is open there must not go on: the dashboard asks by itself for what is new, and is asked to sign in.
    await row.waitFor({ state: 'detached' });
    assert.equal(await own.asks('GET', '/sites'), 401);
    await own.heading('sign_in.title').waitFor();
    await own.page.getByText(own.t('sign_in.expired')).waitFor();
    own.problems.length = 0;
    await own.leave();
  });

  await runner.check('a disabled user is out at once', async () => {
    assert.equal(await viewer.asks('GET', '/sites'), 200);
    await admin.go('/users');
    await admin.button('users.row_menu', { name: 'salma' }).click();
    await page.getByRole('menuitem', { name: admin.t('users.disable') }).click();
    await until('the session to be over', async () => (await viewer.asks('GET', '/sites')) === 401);
    await admin.inspect('users-disabled-en-light');
    viewer.problems.length = 0;
    await viewer.leave();
  });
}
