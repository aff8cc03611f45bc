// Logs: read back, searched, followed, and smooth with ten thousand lines.
import fs from 'node:fs';
import { assert, until } from '../lib/runner.mjs';
import { VARIANTS } from '../lib/variants.mjs';

const LINES = 10_000;
const MARKUP = '<img src=x onerror="window.pwned=1">';

export async function logs(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const file = `${panel.root}/var/log/nginx/manara.log`;
  const site = await panel.site({ domain: 'logged.test', kind: 'static' });
  const line = (n, extra = {}) => {
    const time = `${Math.floor(Date.now() / 1000) - LINES + n}.250`;
    const fields = { time, site: site.id, request: `r${n}`, client: '192.0.2.7', host: 'logged.test', method: 'GET', uri: `/page/${n}`, protocol: 'HTTP/1.1', status: '200', bytes: '5120', seconds: '0.004', upstream_seconds: '', referrer: '-', agent: 'Mozilla/5.0', tls: '', ...extra };
    return `${JSON.stringify(fields)}\n`;
  };
  const write = (text) => fs.appendFileSync(file, text);
  const rows = () => page.locator('[role=option]');
  const status = (text) => page.locator('[role=option] .status').getByText(text, { exact: true });
  const row = (text) => rows().filter({ hasText: text });
  const box = () => page.locator('.box');
  const atEnd = () => box().evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight < 24);

  await runner.check('the panel shows its own log, and says where it begins', async () => {
    const id = (await fetch(`${panel.origin}/api/v1/sites`)).headers.get('x-request-id');
    await admin.go('/logs');
    await rows().first().waitFor();
    await page.getByText(admin.t('log.following')).waitFor();
    await page.getByRole('searchbox').fill(id.toUpperCase());
    await until('its line alone', async () => (await rows().count()) === 1);
    await page.getByText(admin.t('log.beginning_memory')).waitFor();
  });

  await runner.check('a site leads to its log, whose newest line is in sight', async () => {
    write(Array.from({ length: LINES }, (_, n) => line(n, n === LINES - 5 ? { status: '502', uri: '/broken?token=topsecret' } : {})).join(''));
    await admin.go('/sites/logged.test');
    await admin.link('site.tab_log').click();
    await page.waitForURL(/\/logs\?source=site&site=logged\.test$/);
    await row(`/page/${LINES - 1}`).waitFor();
    await until('the end to be in sight', atEnd);
    assert.equal(await row('topsecret').count(), 0);
    await row('/broken?token=***').waitFor();
  });

  await runner.check('new lines come by themselves until the reader scrolls up, and the way back shows them', async () => {
    write(line(LINES, { uri: '/fresh-one' }));
    await row('/fresh-one').waitFor();
    await until('the end to be in sight', atEnd);
    await box().hover();
    await page.mouse.wheel(0, -1200);
    await page.getByText(admin.t('log.paused')).waitFor();
    write(line(LINES + 1, { uri: '/fresh-two' }));
    const back = page.getByRole('button', { name: new RegExp(`^${admin.t('log.back')}`) });
    await until('the new line to be counted', async () => /1 new entry/.test(await back.innerText()));
    assert.equal(await row('/fresh-two').count(), 0);
    await back.click();
    await row('/fresh-two').waitFor();
    await until('the end to be in sight', atEnd);
    await page.getByText(admin.t('log.following')).waitFor();
    const [place, size] = await rows().last().evaluate((node) => [node.ariaPosInSet, node.ariaSetSize]);
    assert.ok(Number(size) > (await rows().count()) && place === size, `the last row is told as ${place} of ${size}`);
    await box().hover();
    await page.mouse.wheel(0, -1200);
    await page.getByText(admin.t('log.paused')).waitFor();
    write(line(LINES + 2, { uri: '/fresh-end' }));
    await until('the new line to be counted', async () => /1 new entry/.test(await back.innerText()));
    await page.mouse.wheel(0, 5000);
    await row('/fresh-end').waitFor();
    await page.getByText(admin.t('log.following')).waitFor();
  });

  await runner.check('lines hold still for whoever marks them, and what was marked stays', async () => {
    await page.getByText(admin.t('log.following')).waitFor();
    const [upper, lower] = await Promise.all([rows().nth(-6), rows().nth(-3)].map((one) => one.locator('.message, .uri, span').nth(2).boundingBox()));
    await page.mouse.move(upper.x + 2, upper.y + upper.height / 2);
    await page.mouse.down();
    await page.mouse.move(lower.x + 60, lower.y + lower.height / 2, { steps: 5 });
    await page.mouse.up();
    const marked = await page.evaluate(() => String(getSelection()));
    assert.ok(marked.length > 20, JSON.stringify(marked));
    await page.getByText(admin.t('log.paused')).waitFor();
    const stood = await box().evaluate((node) => node.scrollTop);
    write(line(LINES + 3, { uri: '/fresh-three' }));
    const back = page.getByRole('button', { name: new RegExp(`^${admin.t('log.back')}`) });
    await until('the new line to be counted', async () => /1 new entry/.test(await back.innerText()));
    assert.equal(await page.evaluate(() => String(getSelection())), marked);
    assert.equal(await box().evaluate((node) => node.scrollTop), stood);
    await back.click();
    await row('/fresh-three').waitFor();
    await page.getByText(admin.t('log.following')).waitFor();
  });

  await runner.check('search, severity and time are in the address', async () => {
    await page.getByRole('combobox', { name: admin.t('log.level') }).selectOption('error');
    await page.waitForURL(/level=error/);
    await until('only the error to be there', async () => (await rows().count()) === 1);
    await status('502').waitFor();
    await page.getByRole('combobox', { name: admin.t('log.range') }).selectOption('15m');
    await page.waitForURL(/range=15m/);
    await status('502').waitFor();
    await page.getByRole('searchbox').fill('nothing like this');
    await page.getByText(admin.t('log.none_found')).waitFor();
    await admin.button('log.clear').click();
    await page.waitForURL(/\/logs\?source=site&site=logged\.test$/);
    await row(`/page/${LINES - 1}`).waitFor();
  });

  await runner.check('a line shows all its fields, by mouse and by keyboard', async () => {
    await row(`/page/${LINES - 1}`).click();
    const details = page.getByRole('complementary', { name: admin.t('log.details') });
    assert.match(await details.innerText(), /Mozilla\/5\.0/);
    await page.getByRole('listbox').focus();
    await page.keyboard.press('ArrowUp');
    await until('the line above', async () => (await details.innerText()).includes(`/page/${LINES - 2}`));
    await admin.button('log.close').click();
    await details.waitFor({ state: 'detached' });
  });

  await runner.check('markup in a request is text, in its line and in its fields', async () => {
    await admin.go('/logs?source=site&site=logged.test');
    await row(`/page/${LINES - 1}`).waitFor();
    await page.getByText(admin.t('log.following')).waitFor();
    write(line(LINES + 2, { uri: `/${MARKUP}`, agent: MARKUP }));
    await row(MARKUP).click();
    const details = page.getByRole('complementary', { name: admin.t('log.details') });
    await until('the name of the browser', async () => (await details.innerText()).split(MARKUP).length > 2);
    assert.equal(await page.evaluate(() => window.pwned !== undefined || document.querySelector('main img') !== null), false);
    await admin.button('log.close').click();
  });

  await runner.check('the download has what is looked for as text', async () => {
    await admin.go('/logs?source=site&site=logged.test&level=error');
    await status('502').waitFor();
    const coming = page.waitForEvent('download');
    await admin.link('log.download').click();
    const text = fs.readFileSync(await (await coming).path(), 'utf8');
    assert.match(text, /^\S+Z error +502 GET logged\.test\/broken\?token=\*\*\* /);
    assert.equal(text.trim().split('\n').length, 1);
  });

  await runner.check('ten thousand lines are read page by page, and few of them drawn', async () => {
    await admin.go('/logs?source=site&site=logged.test');
    await row(`/page/${LINES - 1}`).waitFor();
    const older = admin.button('log.older');
    for (let n = 0; n < 60; n += 1) {
      await box().evaluate((node) => node.scrollTo(0, 0));
      if (!(await older.count())) break;
      await older.click();
      await until('the older lines', () => older.isEnabled().catch(() => true));
    }
    const took = await box().evaluate(async (node) => {
      const began = performance.now();
      for (let n = 0; n < 60; n += 1) {
        node.scrollTo(0, (n * 7919 * 26) % node.scrollHeight);
        await new Promise(requestAnimationFrame);
      }
      return (performance.now() - began) / 60;
    });
    assert.ok((await rows().count()) < 120, 'drawn lines');
    console.log(`        a jump among the lines: ${took.toFixed(0)} ms`);
    await page.getByText('10,000 entries').waitFor();
  });

  await runner.check('whoever may not read logs is not shown the way', async () => {
    const token = await panel.token('log-viewer', 'viewer');
    assert.equal((await panel.api('GET', '/logs/panel', { token })).status, 403);
    assert.equal((await panel.api('GET', '/logs/panel/export', { token })).status, 403);
  });

  for (const [lang, theme] of VARIANTS) {
    await runner.check(`logs in pictures, ${lang}, ${theme}`, () =>
      admin.speaking(lang, theme, async () => {
        await admin.go('/logs');
        await rows().first().waitFor();
        await admin.inspect(`logs-panel-${lang}-${theme}`);
        await admin.go('/logs?source=site&site=logged.test');
        await rows().first().waitFor();
        await rows().last().click();
        await admin.inspect(`logs-site-${lang}-${theme}`);
        await page.locator('label.check input').check();
        await admin.inspect(`logs-wrapped-${lang}-${theme}`);
        await page.locator('label.check input').uncheck();
        await admin.go('/logs?source=site');
        await admin.inspect(`logs-which-${lang}-${theme}`);
        await admin.go('/logs?source=unit&unit=ssh.service&range=custom');
        await admin.inspect(`logs-unit-${lang}-${theme}`);
      }),
    );
  }
}
