// Lists: choosing many rows and changing them together, views that are kept, a site's history with its way back, the
// keyboard, and how ten thousand rows scroll.
import fs from 'node:fs';
import { assert, until } from '../lib/runner.mjs';

const MANY = 10_000;
/** Rows that may be drawn above and below those in sight, as assets/ui/src/lib/window.ts has it. */
const MARGIN_ROWS = 8;

/** `[[site]]` for each name. */
const document = (names, more = '') => `manara = 1\n${names.map((name) => `[[site]]\ndomain = "${name}"\nkind = "static"\n${more}`).join('')}`;

export async function lists(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const names = Array.from({ length: 12 }, (_, index) => `bulk-${String(index).padStart(2, '0')}.test`);
  const bar = () => page.getByRole('region', { name: admin.t('bulk.region') });
  const row = (name) => page.getByRole('row').filter({ hasText: name });
  const choose = (name, options) => page.getByRole('checkbox', { name: admin.t('sites.choose', { name }) }).click(options);
  const site = async (name) => (await panel.api('GET', `/sites/${name}`)).body;

  await runner.check('many sites are switched off in one change, and undone in one', async () => {
    assert.equal((await panel.api('POST', '/state', { body: { document: document(names) } })).status, 200);
    await admin.go('/sites?q=bulk-');
    await choose('bulk-01.test');
    await choose('bulk-04.test', { modifiers: ['Shift'] });
    await bar().getByText(admin.t('bulk.chosen', { count: 4 })).waitFor();
    await admin.inspect('bulk-en-light');
    await bar().getByRole('button', { name: admin.t('site.disable') }).click();
    await admin.heading('plan.title').waitFor();
    await page.getByText(admin.t('plan.sites', { count: 4 })).waitFor();
    await admin.inspect('bulk-plan-en-light');
    await admin.button('plan.apply').click();
    await page.getByText(admin.t('plan.applied')).waitFor();
    assert.deepEqual([(await site('bulk-01.test')).state, (await site('bulk-05.test')).state], ['disabled', 'active']);
    await until('nothing to be chosen afterwards', async () => (await bar().count()) === 0);
    await admin.button('action.undo').click();
    await page.getByText(admin.t('plan.undone')).waitFor();
    assert.equal((await site('bulk-01.test')).state, 'active');
    assert.equal((await panel.visit('bulk-04.test')).status, 200);
  });

  await runner.check('everything that the filter finds is deleted after its number was typed', async () => {
    await admin.go('/sites?q=bulk-1');
    await page.getByRole('checkbox', { name: admin.t('sites.choose_all') }).click();
    await bar().getByRole('button', { name: admin.t('bulk.delete') }).click();
    const confirm = admin.button('bulk.delete_verb', { count: 2 });
    await confirm.waitFor();
    assert.ok(await confirm.isDisabled());
    const field = page.getByLabel(admin.t('confirm.type_name', { name: '2' }));
    await field.fill('3');
    assert.ok(await confirm.isDisabled());
    await field.fill('2');
    await admin.inspect('bulk-delete-en-light');
    await confirm.click();
    await page.getByText(admin.t('plan.applied')).waitFor();
    assert.equal((await panel.api('GET', '/sites?q=bulk-')).body.total, 10);
  });

  await runner.check('a view is kept, found in another browser session of the user, and deleted with a way back', async () => {
    await admin.go('/sites?q=bulk-&state=active&sort=-updated_at');
    await admin.button('views.title').click();
    await page.getByLabel(admin.t('views.name')).fill('Bulk عروض');
    await admin.inspect('views-en-light');
    await admin.button('views.save').click();
    await page.getByText(admin.t('views.saved', { name: 'Bulk عروض' })).waitFor();
    await admin.go('/sites');
    await admin.button('views.title').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Bulk عروض', exact: true }).click();
    await until('the address of the view', () => new URL(page.url()).search === '?q=bulk-&state=active&sort=-updated_at');
    assert.equal(await page.locator('input[type=search]').inputValue(), 'bulk-');
    await page.getByRole('button', { name: 'Bulk عروض', exact: true }).click();
    await admin.button('views.delete', { name: 'Bulk عروض' }).click();
    await page.getByText(admin.t('views.deleted', { name: 'Bulk عروض' })).waitFor();
    await page.keyboard.press('Escape');
    await admin.button('action.undo').click();
    await page.getByRole('button', { name: 'Bulk عروض', exact: true }).waitFor();
  });

  await runner.check('the history of a site tells what changed, and takes a change back', async () => {
    await panel.api('PATCH', '/sites/bulk-02.test', { body: { aliases: ['www.bulk-02.test'] } });
    await panel.api('PATCH', '/sites/bulk-02.test', { body: { max_body_mb: 7 } });
    await panel.api('PATCH', '/sites/bulk-02.test', { body: { max_body_mb: 8 } });
    await admin.go('/sites/bulk-02.test/history');
    const rows = page.getByRole('main').locator('ol > li');
    await rows.nth(2).waitFor();
    await rows.nth(1).getByText(admin.t('history.overtaken', { fields: admin.t('history.field_max_body_mb') })).waitFor();
    assert.equal(await rows.nth(1).getByRole('button', { name: admin.t('history.undo') }).count(), 0);
    await admin.inspect('history-en-light');
    await rows.nth(2).getByRole('button', { name: admin.t('history.undo') }).click();
    await admin.heading('plan.title').waitFor();
    await admin.button('plan.apply').click();
    await page.getByText(admin.t('plan.applied')).waitFor();
    const now = await site('bulk-02.test');
    assert.deepEqual([now.aliases.length, now.max_body_mb], [0, 8]);
    await admin.speaking('ar', 'dark', async () => {
      await admin.go('/sites/bulk-02.test/history');
      await page.getByText(admin.t('history.title')).first().waitFor();
      await admin.inspect('history-ar-dark');
    });
  });

  await runner.check('jobs are filtered by link, and one that failed is tried again', async () => {
    // Somebody else's folder is in the way of the new site's own, and goes away.
    const blocked = await panel.api('POST', '/sites?dry_run=true', { body: { domain: 'again.test', kind: 'static' } });
    const folder = `${panel.root}/srv/www/again.test`;
    fs.mkdirSync(folder, { recursive: true });
    assert.notEqual((await panel.api('POST', `/plans/${blocked.body.id}/apply`)).status, 201);
    fs.rmdirSync(folder);
    await admin.go('/jobs?state=failed&operation=site.create&target=again.test');
    await page.getByRole('main').locator('ul.list > li').first().waitFor();
    assert.equal(await page.getByLabel(admin.t('jobs.target')).inputValue(), 'again.test');
    await admin.inspect('jobs-filtered-en-light');
    await page.locator('ul.list a.name').first().click();
    await admin.button('jobs.retry').waitFor();
    await admin.inspect('job-failed-en-light');
    await admin.button('jobs.retry').click();
    await page.getByRole('alertdialog').getByRole('button', { name: admin.t('jobs.retry') }).click();
    await until('the site to answer', async () => (await panel.visit('again.test')).status === 200);
    await admin.go('/jobs?operation=nothing.such');
    await page.getByText(admin.t('jobs.no_match'), { exact: true }).waitFor();
    await page.getByRole('main').getByRole('button', { name: admin.t('filter.clear') }).first().click();
    await until('an address without filters', () => new URL(page.url()).search === '');
  });

  await runner.check('the trail is filtered, shows differences, and goes out as a table', async () => {
    await admin.go('/audit?operation=site.update&result=done');
    const entry = page.getByRole('main').locator('ul.list > li').first();
    await entry.locator('summary').click();
    await entry.locator('figure .line.added').first().waitFor();
    await admin.inspect('audit-diff-en-light');
    const link = await page.getByRole('link', { name: admin.t('audit.export_csv'), exact: true }).getAttribute('href');
    const table = await page.evaluate(async (where) => (await fetch(where)).text(), link);
    assert.ok(table.split('\r\n').slice(1, -1).every((line) => line.includes('"site.update"')), table.slice(0, 400));
    await entry.getByRole('button', { name: 'bulk-02.test' }).click();
    await until('the target in the address', () => new URL(page.url()).searchParams.get('target') === 'bulk-02.test');
    await admin.speaking('ar', 'dark', async () => {
      await admin.go('/audit?operation=site.update&result=done');
      await page.locator('summary').first().click();
      await admin.inspect('audit-diff-ar-dark');
    });
  });

  await runner.check('roles are explained, and sessions of others are ended', async () => {
    await admin.go('/users');
    await page.getByRole('cell').first().waitFor();
    await admin.inspect('users-roles-en-light');
    await admin.button('users.row_menu', { name: 'admin' }).click();
    await page.getByRole('menuitem', { name: admin.t('users.sessions'), exact: true }).click();
    await page.getByRole('dialog').getByText(admin.t('account.this_session')).waitFor();
    await admin.inspect('sessions-dialog-en-light');
    await page.keyboard.press('Escape');
  });

  await runner.check('rows are walked and chosen by keyboard', async () => {
    await admin.go('/sites?q=bulk-');
    await row('bulk-09.test').waitFor();
    await until('the keys to be attached', async () => {
      await page.getByRole('region', { name: admin.t('sites.list') }).focus();
      await page.keyboard.press('Home');
      return page.evaluate(() => document.activeElement?.textContent?.includes('bulk-00'));
    });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press(' ');
    await bar().getByText(admin.t('bulk.chosen', { count: 1 })).waitFor();
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    await bar().getByText(admin.t('bulk.chosen', { count: 3 })).waitFor();
    assert.equal(await row('bulk-03.test').getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Escape');
    await until('nothing to be chosen', async () => (await bar().count()) === 0);
    await page.keyboard.press('End');
    await until('the last row to have the focus', () => page.evaluate(() => document.activeElement?.textContent?.includes('bulk-09')));
  });

  await runner.check('ten thousand sites scroll; all of them can be chosen', async () => {
    const many = Array.from({ length: MANY }, (_, index) => `row-${String(index).padStart(5, '0')}.test`);
    await panel.api('POST', '/state', { body: { document: document(many, 'enabled = false\n') } });
    await until('ten thousand sites', async () => (await panel.api('GET', '/sites?q=row-&limit=1')).body.total === MANY, 120_000);
    await admin.go('/sites?q=row-');
    await row('row-00000.test').waitFor();
    const jumps = await page.evaluate(scrollThrough, 60);
    console.log(`        60 jumps through ${MANY} rows: ${spread(jumps.times)}`);
    await page.evaluate(() => document.querySelector('.window').scrollTo(0, 0));
    const frames = await page.evaluate(glide, 120);
    console.log(`        120 frames of scrolling through them: ${spread(frames.times)}`);
    // However far somebody scrolls, the document has what fits into the box and a margin above and below.
    for (const { most, fit } of [jumps, frames]) assert.ok(most >= fit && most <= fit + 2 * MARGIN_ROWS + 2, `${most} rows, of which ${fit} fit`);
    // As the browser says it when somebody prints; the rows that were read are on the paper, not only those on the screen.
    const drawn = () => page.locator('tbody tr:not(.spacer)').count();
    const before = await drawn();
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    assert.ok((await drawn()) > before * 5, `${await drawn()} of ${before}`);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await until('the rows on the screen only', async () => (await drawn()) < before * 2);
    await page.getByRole('checkbox', { name: admin.t('sites.choose_all') }).click();
    await bar().getByRole('button', { name: admin.t('bulk.everything', { count: '10,000' }) }).click();
    await bar().getByText(admin.t('bulk.chosen', { count: MANY })).waitFor();
    const begun = Date.now();
    await bar().getByRole('button', { name: admin.t('bulk.delete') }).click();
    await admin.button('bulk.delete_verb', { count: MANY }).waitFor({ timeout: 120_000 });
    console.log(`        the plan for deleting ${MANY} of them is there after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    await admin.inspect('bulk-ten-thousand-en-light');
    await page.keyboard.press('Escape');
  });
}

/** Median, 95th percentile and longest of times in milliseconds. */
function spread(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(0);
  return `median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms`;
}

/**
 * Jumps through a list from top to bottom, as dragging its bar does: milliseconds until each jump was painted, the most
 * rows that were in the document, and how many fit into the box.
 */
async function scrollThrough(jumps) {
  const box = document.querySelector('.window');
  const rows = () => box.querySelectorAll('tbody tr:not(.spacer)');
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const times = [];
  let most = 0;
  for (let jump = 0; jump < jumps; jump += 1) {
    const begun = performance.now();
    box.scrollTop = ((box.scrollHeight - box.clientHeight) * (jump + 1)) / jumps;
    await painted();
    times.push(performance.now() - begun);
    most = Math.max(most, rows().length);
  }
  return { times, most, fit: Math.floor(box.clientHeight / rows()[0].getBoundingClientRect().height) };
}

/** Scrolls on by a few rows with every frame, as a wheel does: milliseconds from frame to frame, and rows as above. */
async function glide(frames) {
  const STEP_PX = 120;
  const box = document.querySelector('.window');
  const rows = () => box.querySelectorAll('tbody tr:not(.spacer)');
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  let most = 0;
  let before = await frame();
  for (let n = 0; n < frames; n += 1) {
    box.scrollTop += STEP_PX;
    const now = await frame();
    times.push(now - before);
    before = now;
    most = Math.max(most, rows().length);
  }
  return { times, most, fit: Math.floor(box.clientHeight / rows()[0].getBoundingClientRect().height) };
}
