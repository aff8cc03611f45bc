// What breaks under an open page and must be said, with a way on: files that do not come, another version of the panel,
// answers that fail, a clipboard that refuses.
import fs from 'node:fs';
import net from 'node:net';
import { Panel, PASSWORD } from '../lib/panel.mjs';
import { Person } from '../lib/person.mjs';
import { assert, until } from '../lib/runner.mjs';

export async function broken(world) {
  const { runner, panel } = world;
  const person = await Person.arrive(runner, panel);
  const { page } = person;
  await panel.site({ domain: 'broken.test', kind: 'static' });
  /** Lets no file come whose name fits, for as long as `body` runs; what the browser itself says about that is expected. */
  const without = async (pattern, body) => {
    await person.context.route(pattern, (route) => route.abort());
    try {
      await body();
    } finally {
      await person.context.unroute(pattern);
      person.problems.length = 0;
    }
  };
  const focused = (locator) => until('the focus', () => locator.evaluate((field) => field === document.activeElement));

  await runner.check('a program that does not come is said in both languages, with a way to ask for it again', async () => {
    for (const pattern of [/assets\/(en|ar)-/, /assets\/base-/, /assets\/index-.*\.js/]) {
      await without(pattern, async () => {
        await page.goto(`${panel.origin}/sign-in`);
        for (const lang of ['ar', 'en']) await page.locator(`#unloaded [lang=${lang}]`).waitFor();
      });
    }
    await page.locator('#unloaded [lang=en] a').click();
    await person.heading('sign_in.title').waitFor();
    assert.equal(await page.locator('#unloaded').isVisible(), false);
  });

  await runner.check('a frame that does not come after signing in is said, and comes with the next try', async () => {
    await without(/assets\/Shell-/, async () => {
      await person.signIn();
      await person.heading('error.start_title').waitFor();
      await page.getByRole('alert').getByText(person.t('error.offline_detail')).waitFor();
    });
    await person.button('action.reload_page').or(person.button('action.retry')).click();
    await person.signedIn();
  });

  await runner.check('parts that do not come are said where the reader is, and the page stays', async () => {
    const notice = page.getByRole('alert').filter({ hasText: person.t('error.page_title') });
    for (const [where, pattern, press] of [
      ['/sites/broken.test', /assets\/(DeleteSite|extras)-/, () => person.button('site.delete').click()],
      ['/sites/broken.test/domains', /assets\/PlanDialog-/, async () => {
        await page.locator('input[name=domain]').fill('moved.test');
        await person.button('action.review_changes').click();
      }],
      ['/sites', /assets\/ActionMenu-/, () => page.locator('tbody button[aria-haspopup]').first().click()],
      ['/sites', /assets\/Palette-.*\.js/, () => page.keyboard.press('Control+k')],
    ]) {
      await without(pattern, async () => {
        await person.go(where);
        await person.settled();
        await press();
        await notice.waitFor();
        await person.heading(where === '/sites' ? 'nav.sites' : 'site.title').or(page.locator('h1')).first().waitFor();
        assert.ok(await page.locator('main .card').first().isVisible(), `the page is gone: ${where}`);
      });
    }
    await person.inspect('part-missing-en-light', { phone: false });
    await notice.getByRole('button', { name: person.t('action.reload_page') }).click();
    await notice.waitFor({ state: 'detached' });
    await person.settled();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
  });

  await runner.check('a panel of another version than the open page says so when the stream is back', async () => {
    await person.go('/sites');
    await person.settled();
    await page.route('**/api/v1/session', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), version: '99.0.0' } });
    });
    await panel.restartAt(panel.port, ['--listen', `127.0.0.1:${panel.port}`]);
    await page.getByRole('status').getByText(person.t('lost.updated')).waitFor({ timeout: 20_000 });
    await page.unroute('**/api/v1/session');
    await page.getByRole('status').getByRole('button', { name: person.t('action.reload_page') }).click();
    await page.getByText(person.t('lost.updated')).waitFor({ state: 'detached' });
    await person.signedIn();
    for (const one of runner.people) one.problems.length = 0;
  });

  await runner.check('a refused field takes the focus, in every form', async () => {
    const invalid = page.locator('[aria-invalid=true]').first();
    await person.go('/sites/broken.test/domains');
    await page.locator('input[name=domain]').fill('bad_domain..test');
    await person.button('action.review_changes').click();
    await focused(invalid);
    await person.go('/account');
    await page.locator('input[name=current-password]').fill('not mine at all');
    await page.locator('input[name=new-password]').fill('short');
    await person.button('account.password_change').click();
    await focused(invalid);
    await person.button('account.token_create').click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input').first().fill('x'.repeat(300));
    await dialog.getByRole('button', { name: person.t('account.token_create') }).click();
    await focused(dialog.locator('[aria-invalid=true]').first());
    await person.go('/users');
    await person.button('users.create').click();
    await dialog.locator('input').first().fill('nobody');
    await dialog.locator('input[type=password]').fill('short');
    await dialog.getByRole('button', { name: person.t('users.create') }).click();
    await focused(dialog.locator('input[type=password]'));
  });

  await runner.check('a dialog keeps a secret that is shown once, and what was typed; a copy that is refused is told', async () => {
    const dialog = page.getByRole('dialog');
    const beside = () => page.mouse.click(5, 400);
    await person.go('/account');
    await person.button('account.token_create').click();
    await dialog.locator('input').first().fill('kept');
    await beside();
    assert.equal(await dialog.locator('input').first().inputValue(), 'kept');
    await dialog.getByRole('button', { name: person.t('account.token_create') }).click();
    const secret = dialog.locator('code.secret');
    await secret.waitFor();
    await beside();
    await page.keyboard.press('Escape');
    const token = (await secret.innerText()).trim();
    world.secrets.push(token);
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await dialog.getByRole('button', { name: person.t('action.copy'), exact: true }).click();
    await dialog.getByText(person.t('action.copy_refused')).waitFor();
    assert.equal(await page.evaluate(() => getSelection().toString().trim()), token);
    await person.inspect('copy-refused-en-light');
    await dialog.getByRole('button', { name: person.t('action.done') }).click();
    await dialog.waitFor({ state: 'detached' });
    const { items } = (await panel.api('GET', '/tokens')).body;
    assert.equal((await panel.api('DELETE', `/tokens/${items.find(({ name }) => name === 'kept').id}`)).status, 200);
  });

  await runner.check('a log keeps its lines while the panel is away, and goes on afterwards', async () => {
    const log = `${panel.root}/var/log/nginx/manara.log`;
    const { id } = (await panel.api('GET', '/sites/broken.test')).body;
    const line = (uri) => `${JSON.stringify({ time: `${Math.floor(Date.now() / 1000)}.250`, site: id, request: uri, client: '192.0.2.7', host: 'broken.test', method: 'GET', uri, protocol: 'HTTP/1.1', status: '200', bytes: '5', seconds: '0.004', upstream_seconds: '', referrer: '-', agent: 'x', tls: '' })}\n`;
    const rows = page.locator('[role=option]');
    fs.appendFileSync(log, line('/before'));
    await person.go('/logs?source=site&site=broken.test');
    await rows.filter({ hasText: '/before' }).waitFor();
    await page.getByText(person.t('log.following')).waitFor();
    let refused = 0;
    const away = /\/api\/v1\/logs\/site/;
    await page.route(away, (route) => {
      refused += 1;
      return route.abort();
    });
    await panel.restartAt(panel.port, ['--listen', `127.0.0.1:${panel.port}`]);
    // A read is tried twice before it counts as failed.
    await until('two tries that fail', () => refused >= 4, 30_000);
    assert.equal(await rows.filter({ hasText: '/before' }).count(), 1, 'the lines stay');
    fs.appendFileSync(log, line('/meanwhile'));
    await page.unroute(away);
    await rows.filter({ hasText: '/meanwhile' }).waitFor({ timeout: 40_000 });
    await page.getByText(person.t('log.following')).waitFor();
    for (const one of runner.people) one.problems.length = 0;
  });

  await runner.check('the page of a site that somebody else renames or deletes', async () => {
    await panel.site({ domain: 'soon.test', kind: 'static' });
    await person.go('/sites/soon.test/settings');
    await person.settled();
    assert.equal((await panel.api('PATCH', '/sites/soon.test', { body: { new_domain: 'late.test' } })).status, 200);
    await page.waitForURL(/\/sites\/late\.test\/settings$/);
    await page.locator('input[type=number]').first().waitFor();
    assert.equal((await panel.api('DELETE', '/sites/late.test')).status, 200);
    await page.getByRole('alert').getByText(person.t('site.gone')).waitFor();
    assert.equal(await page.locator('main form').count(), 0);
    await page.getByRole('alert').getByRole('link').click();
    await person.heading('nav.sites').waitFor();
  });

  await runner.check('the dashboard reads once for many sites, and shows five of a kind, also where a part cannot be read', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `many-${index}.test`);
    for (const domain of names) await panel.site({ domain, kind: 'static' });
    await person.go('/');
    await page.getByText(person.t('stream.live'), { exact: true }).first().waitFor();
    await person.settled();
    let reads = 0;
    const count = (request) => (reads += /\/api\/v1\/(drift|sites\?)/.test(request.url()) ? 1 : 0);
    page.on('request', count);
    assert.equal((await panel.api('POST', '/sites/switch', { body: { sites: names, enabled: false } })).status, 200);
    await until('what has changed', () => reads > 0);
    await page.waitForTimeout(1_500);
    page.off('request', count);
    // Drift, three counts of states, the newest, the quarantined and how many there are: each once, and once more at most.
    assert.ok(reads <= 14, `${reads} reads`);
    assert.equal((await panel.api('POST', '/sites/switch', { body: { sites: names, enabled: true } })).status, 200);
    const files = [];
    for (const name of names) files.push(await panel.fileOf(name));
    const applied = files.map((file) => fs.readFileSync(file, 'utf8'));
    for (const file of files) fs.appendFileSync(file, '# by hand\n');
    await page.route(/\/api\/v1\/sites\?state=quarantined&limit=5/, (route) => route.fulfill({ status: 503 }));
    await person.go('/');
    const attention = page.locator('section[aria-labelledby=attention-title]');
    await attention.getByText(person.t('attention.drift')).first().waitFor();
    assert.equal(await attention.getByText(person.t('attention.drift')).count(), 5);
    await attention.getByRole('link', { name: person.t('attention.all', { count: 7 }) }).waitFor();
    await attention.getByRole('alert').waitFor();
    await person.inspect('attention-part-en-light');
    await page.unrouteAll();
    files.forEach((file, index) => fs.writeFileSync(file, applied[index]));
    for (const name of names) assert.equal((await panel.api('DELETE', `/sites/${name}`)).status, 200);
    person.problems.length = 0;
  });

  await runner.check('both ports of nginx taken: two findings of one kind, and a dashboard that shows them', async () => {
    let servers;
    const taken = await Panel.start({
      prepare: ({ env }) => {
        servers = [env.MANARA_NGINX_HTTP_PORT, env.MANARA_NGINX_HTTPS_PORT].map((port) => net.createServer().listen(Number(port), '127.0.0.1'));
      },
    });
    const other = await Person.arrive(runner, taken);
    try {
      await other.page.goto(taken.log().match(/http\S+\/claim#\S+/)[0]);
      for (const name of ['password', 'repeat']) await other.page.locator(`input[name=${name}]`).fill(PASSWORD);
      await other.button('claim.submit').click();
      await other.heading('welcome.title').waitFor();
      await other.go('/');
      const lines = other.page.locator('section[aria-labelledby=attention-title] li');
      await until('a line for each port', async () => (await lines.filter({ hasText: /\bnode\b/i }).count()) === 2);
    } finally {
      await other.leave();
      servers.forEach((server) => server.close());
      await taken.stop();
    }
  });
  await person.leave();
}
