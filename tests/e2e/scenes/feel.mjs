// What makes work go on: signing in again over a form, two tabs that change the same thing, a slow and a lost connection,
// undo, shortcuts on any keyboard, the palette's actions, fingers, high contrast, print.
import { VIEWPORTS } from '../../../assets/ui/test/browser.mjs';
import { Person } from '../lib/person.mjs';
import { PASSWORD } from '../lib/panel.mjs';
import { assert, until } from '../lib/runner.mjs';

export async function feel(world) {
  const { runner, panel } = world;
  const person = await Person.arrive(runner, panel);
  const { page } = person;
  const keys = page.keyboard;
  await panel.site({ domain: 'feel.test', kind: 'static' });
  await person.signIn();
  await person.signedIn();

  await runner.check('a session that ends under a form: the form stays, and saving goes on after signing in', async () => {
    await person.go('/sites/feel.test/settings');
    const field = page.locator('input[type=number]').first();
    await field.fill('77');
    const [current] = (await panel.api('GET', '/sessions')).body.items.filter((one) => one.user === 'admin');
    assert.equal((await panel.api('DELETE', `/sessions/${current.id}`)).status, 200);
    await person.button('action.review_changes').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(person.t('sign_in.expired')).waitFor();
    await person.inspect('session-ended-en-light');
    await dialog.locator('input[name=password]').fill(PASSWORD);
    await dialog.getByRole('button', { name: person.t('sign_in.submit') }).click();
    await person.heading('plan.title').waitFor();
    await person.button('plan.apply').click();
    await until('the value', async () => (await panel.api('GET', '/sites/feel.test')).body.max_body_mb === 77);
  });

  await runner.check('the title of a tab names the page and the host', async () => {
    const { host } = await page.evaluate(async () => (await fetch('/api/v1/session')).json());
    for (const [where, key] of [['/doctor', 'nav.doctor'], ['/about', 'nav.about'], ['/welcome', 'nav.welcome']]) {
      await person.go(where);
      await until('the title', async () => (await page.title()) === `${person.t(key)} · ${host} · ${person.t('brand')}`);
    }
  });

  await runner.check('two tabs: what was typed stays, the other change is told, and saving over it works', async () => {
    await person.go('/sites/feel.test/settings');
    const field = page.locator('input[type=number]').first();
    await field.fill('88');
    const changed = await panel.api('PATCH', '/sites/feel.test', { body: { aliases: ['www.feel.test'], max_body_mb: 99 } });
    assert.equal(changed.status, 200, changed.text);
    const notice = page.getByRole('alert');
    await notice.getByText(person.t('race.title')).waitFor();
    assert.match(await notice.innerText(), /www\.feel\.test/);
    assert.match(await notice.innerText(), /77[^]*99/);
    assert.equal(await field.inputValue(), '88');
    await person.inspect('race-en-light');
    await person.button('race.mine').click();
    await person.button('action.review_changes').click();
    await person.button('plan.apply').click();
    await until('the value', async () => (await panel.api('GET', '/sites/feel.test')).body.max_body_mb === 88);
    assert.equal((await panel.api('GET', '/sites/feel.test')).body.aliases.length, 1, 'the other change stays');
    // A form that nobody touched shows the new values at once.
    await page.getByText(person.t('plan.applied')).waitFor();
    await panel.api('PATCH', '/sites/feel.test', { body: { max_body_mb: 12 } });
    await until('the new value', async () => (await page.locator('input[type=number]').first().inputValue()) === '12');
  });

  await runner.check('on a slow network: grey lines meanwhile, a button that waits, and a double click that sends once', async () => {
    const sent = [];
    // Whatever is asked waits until it is let go.
    let letGo;
    let held;
    const hold = () => (held = new Promise((done) => (letGo = done)));
    hold();
    await page.route(/\/api\/v1\/settings$/, async (route) => {
      if (route.request().method() !== 'GET') sent.push(route.request().postData());
      await held;
      await route.continue();
    });
    const stored = async () => (await panel.api('GET', '/settings')).body.items.find((item) => item.key === 'session.idle_s').value;
    try {
      await person.go('/settings');
      await page.locator('main .loading').first().waitFor();
      await page.screenshot({ path: `${runner.target}/screens/settings-slow-en-light-desktop.png` });
      letGo();
      await page.locator('main li', { hasText: 'session.idle_s' }).locator('input').fill('7300');
      const save = person.button('settings.save');
      hold();
      await save.dblclick();
      await until('the button to wait', () => save.isDisabled());
      assert.notEqual(await stored(), 7300, 'the answer is not there yet');
      letGo();
      await page.getByText(person.t('settings.saved')).first().waitFor();
      await save.waitFor({ state: 'detached' });
      assert.equal(await stored(), 7300);
      assert.equal(sent.length, 1, sent.join());
    } finally {
      letGo();
      await page.unrouteAll({ behavior: 'wait' });
    }
    assert.equal((await panel.api('PATCH', '/settings', { body: { 'session.idle_s': null } })).status, 200);
  });

  await runner.check('a lost connection is said, with figures that fade, and its return', async () => {
    // What the browser keeps about its requests has a stream only when that has ended.
    const stream = page.waitForResponse((answer) => answer.url().includes('/api/v1/events'));
    await person.go('/');
    assert.equal((await stream).status(), 200);
    const main = page.locator('main');
    const figures = page.getByRole('region', { name: person.t('metrics.label'), exact: true }).locator('.value');
    const colour = () => figures.first().evaluate((figure) => getComputedStyle(figure).color);
    await main.getByText(person.t('stream.live'), { exact: true }).first().waitFor();
    const shown = async () => (await figures.allInnerTexts()).join();
    const before = await until('figures', async () => !(await shown()).includes('—') && shown());
    await until('figures that go on by the stream', async () => (await shown()) !== before);
    const fresh = await colour();
    await person.context.setOffline(true);
    // The browser does not cut open streams by itself.
    await person.context.route('**/api/v1/events*', (route) => route.abort());
    await page.evaluate(() => dispatchEvent(new Event('offline')));
    await panel.restartAt(panel.port, ['--listen', `127.0.0.1:${panel.port}`]);
    await page.locator('.lost').waitFor();
    await main.getByText(person.t('stream.reconnecting'), { exact: true }).first().waitFor();
    await main.getByText(person.t('stream.stale_since', { time: '' }).trim()).first().waitFor();
    assert.notEqual(await colour(), fresh, 'old figures are faded');
    await page.screenshot({ path: `${runner.target}/screens/dashboard-stale-en-light-desktop.png` });
    await person.context.setOffline(false);
    await person.context.unroute('**/api/v1/events*');
    await page.getByText(person.t('lost.back')).waitFor();
    await page.locator('.lost').waitFor({ state: 'detached' });
    await main.getByText(person.t('stream.live'), { exact: true }).first().waitFor();
    await until('figures that are not faded', async () => (await colour()) === fresh);
    for (const one of runner.people) one.problems.length = 0;
  });

  await runner.check('where a stream with more on it is refused, the one before goes on, and it is asked for again', async () => {
    const of = (topics) => (answer) => answer.url().includes('/api/v1/events') && answer.url().endsWith(topics);
    const first = page.waitForResponse(of(',audit'));
    await person.go('/jobs');
    await first;
    let refused = 0;
    await page.route(/\/events\?.*,processes/, (route) => {
      refused += 1;
      return route.fulfill({ status: 503 });
    });
    await page.evaluate(() => document.querySelector('nav a[href="/"]').click());
    const live = page.getByText(person.t('stream.live')).first();
    for (const times of [1, 2]) {
      await until('a refused stream', () => refused >= times);
      await live.waitFor();
    }
    const wider = page.waitForResponse((answer) => of(',processes,services')(answer) && answer.ok());
    await page.unroute(/\/events\?.*,processes/);
    await wider;
    await live.waitFor();
    for (const one of runner.people) one.problems.length = 0;
  });

  await runner.check('shortcuts lead everywhere on an Arabic keyboard, and nowhere while somebody types', async () => {
    await person.go('/');
    // What an Arabic layout sends: the letter of the layout, the code of the key.
    // At once, because what belongs together may not be far apart.
    const press = (...pressed) => page.evaluate((pressed) => pressed.forEach(([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true }))), pressed);
    await until('the shortcuts', async () => {
      await keys.press('?');
      return page.getByRole('dialog').isVisible();
    });
    await person.heading('keys.title').waitFor();
    await person.inspect('keys-en-light');
    await person.speaking('ar', 'dark', async () => {
      await page.reload();
      await person.heading('nav.dashboard').or(page.locator('h1')).first().waitFor();
      await until('the shortcuts', async () => {
        await keys.press('?');
        return page.getByRole('dialog').isVisible();
      });
      await person.inspect('keys-ar-dark');
      await keys.press('Escape');
      await press(['ل', 'KeyG'], ['ت', 'KeyJ']);
      await person.heading('nav.jobs').waitFor();
      await press(['ل', 'KeyG'], ['س', 'KeyS']);
      await person.heading('nav.sites').waitFor();
    });
    await page.reload();
    await page.locator('tbody a').first().waitFor();
    await until('the search field', async () => {
      await keys.press('/');
      return page.evaluate(() => document.activeElement?.matches('input[type=search]'));
    });
    await keys.type('gjc?');
    assert.equal(new URL(page.url()).pathname, '/sites', 'letters in a field are letters');
    await page.locator('input[type=search]').fill('');
    await page.locator('main').focus();
    await keys.press('c');
    await person.heading('nav.new_site').waitFor();
  });

  await runner.check('the palette does things to objects, in words of the other language, and remembers', async () => {
    await person.go('/');
    await keys.press('Control+k');
    const box = page.getByRole('combobox');
    await box.waitFor();
    await box.fill('تعطيل feel');
    await page.getByRole('option', { name: 'feel.test' }).waitFor();
    await person.inspect('palette-action-en-light');
    await keys.press('Enter');
    await until('the site to be disabled', async () => (await panel.api('GET', '/sites/feel.test')).body.enabled === false);
    await page.getByText(person.t('site.disabled', { name: 'feel.test' })).waitFor();
    await person.button('action.undo').click();
    await until('the site to be back', async () => (await panel.api('GET', '/sites/feel.test')).body.enabled === true);
    for (const [typed, where] of [['الصلاحيه', null], ['فحص السلامه', '/doctor'], ['اعدادات', '/settings'], ['about', '/about']]) {
      await keys.press('Control+k');
      await box.fill(typed);
      if (where === null) {
        await page.getByText(person.t('palette.none')).waitFor();
        await keys.press('Escape');
        continue;
      }
      await page.getByRole('option', { selected: true }).filter({ hasText: where }).waitFor();
      await keys.press('Enter');
      await until(where, () => new URL(page.url()).pathname === where);
    }
    await keys.press('Control+k');
    await page.getByRole('option', { selected: true }).filter({ hasText: '/about' }).waitFor();
    await keys.press('Escape');
  });

  await runner.check('on a phone, by touch: the drawer, a row that is tall enough, a site that is switched off and on', async () => {
    const thumb = await Person.arrive(runner, panel, { hasTouch: true, isMobile: true, viewport: VIEWPORTS.phone });
    await thumb.signIn();
    await thumb.signedIn();
    await thumb.button('nav.open').tap();
    const drawer = thumb.page.locator('nav.sidebar.open');
    await drawer.getByRole('link', { name: thumb.t('nav.sites'), exact: true }).tap();
    await thumb.heading('nav.sites').waitFor();
    await drawer.waitFor({ state: 'detached' });
    await thumb.page.locator('input[type=search]').fill('feel.test');
    const row = thumb.page.locator('tbody tr', { hasText: 'feel.test' });
    await until('the row alone', async () => (await thumb.page.locator('tbody a').count()) === 1);
    assert.ok((await row.boundingBox()).height >= 44, 'a finger is as wide');
    await row.getByRole('link').tap();
    await thumb.button('site.disable').tap();
    await thumb.button('site.enable').waitFor();
    assert.equal((await panel.api('GET', '/sites/feel.test')).body.enabled, false);
    await thumb.button('action.undo').tap();
    await until('the site to be back', async () => (await panel.api('GET', '/sites/feel.test')).body.enabled === true);
    await thumb.leave();
  });

  await runner.check('high contrast and paper: nothing is hidden that must be seen', async () => {
    for (const [name, media] of [['forced', { forcedColors: 'active' }], ['more-contrast', { forcedColors: 'none', contrast: 'more' }], ['still', { contrast: 'no-preference', reducedMotion: 'reduce' }]]) {
      await page.emulateMedia(media);
      await person.go('/sites');
      await page.locator('tbody a').first().waitFor();
      await person.inspect(`${name}-sites-en-light`, { phone: false });
    }
    await page.emulateMedia({ reducedMotion: 'no-preference', contrast: 'more' });
    for (const theme of ['light', 'dark']) {
      await person.prefers('en', theme);
      await person.go('/sites');
      const [border, strong] = await page.evaluate(() => ['--border', '--border-strong'].map((name) => getComputedStyle(document.documentElement).getPropertyValue(name)));
      assert.equal(border, strong, theme);
    }
    await page.emulateMedia({ contrast: 'no-preference' });
    for (const [name, where] of [['doctor', '/doctor'], ['audit', '/audit'], ['machine', '/machine?range=1h']]) {
      await person.prefers('en', 'dark');
      await person.go(where);
      await person.settled();
      await page.emulateMedia({ media: 'print' });
      assert.equal(await page.locator('nav.sidebar').isVisible(), false);
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(245, 247, 248)', 'paper is light');
      const [paper, report] = await page.evaluate(() => [innerWidth, document.querySelector('main').getBoundingClientRect().width]);
      assert.ok(report > paper * 0.9, `the report is ${report} of ${paper} wide`);
      await page.screenshot({ path: `${runner.target}/screens/print-${name}.png`, fullPage: true });
      await page.emulateMedia({ media: 'screen' });
    }
    await person.prefers('en', 'light');
  });
  await person.leave();
}
