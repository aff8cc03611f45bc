// The charts: they go on by themselves, say their values, and the time they show is in the address.
import { VIEWPORTS } from '../../../assets/ui/test/browser.mjs';
import { assert, until } from '../lib/runner.mjs';
import { VARIANTS } from '../lib/variants.mjs';


export async function machine(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const chart = (id) => page.locator(`#${id} [role=slider]`);
  const drawn = (id) => page.locator(`#${id} path.line[d^=M]`).first().waitFor({ state: 'attached' });
  // Those below the fold are read when the page is at rest.
  const everyChart = () => until('every chart', () => page.evaluate(() => [...document.querySelectorAll('.charts > section')].every((card) => card.querySelector('svg path.line[d^=M], .none'))));
  const query = () => new URL(page.url()).searchParams;
  let asked = 0;
  page.on('request', (request) => (asked += Number(request.url().includes('/metrics/history'))));

  await runner.check('the cards of the dashboard begin with the past and lead to their charts', async () => {
    await admin.go('/');
    await page.locator('svg.tone-1 path.line[d*=L]').waitFor({ state: 'attached' });
    await admin.link('metrics.memory').click();
    await page.waitForURL(/\/machine#memory$/);
    await drawn('memory');
    await until('the chart to be on the screen', async () => {
      const box = await chart('memory').boundingBox();
      return box && box.y > 0 && box.y < 700;
    });
  });

  await runner.check('five minutes go on by themselves, without asking again', async () => {
    await admin.go('/machine');
    await drawn('cpu');
    await admin.settled();
    await everyChart();
    const before = await page.locator('#cpu path.line').first().getAttribute('d');
    const count = asked;
    await until('the line to go on', async () => (await page.locator('#cpu path.line').first().getAttribute('d')) !== before);
    await page.waitForTimeout(3000);
    assert.equal(asked, count);
  });

  await runner.check('processes and services go on by the stream, without asking again', async () => {
    const [lists, topics] = [[], []];
    const note = (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (/\/(processes|services)$/.test(pathname)) lists.push(pathname);
      if (pathname.endsWith('/events')) topics.push(searchParams.get('topics'));
    };
    page.on('request', note);
    await admin.go('/');
    const busiest = page.locator('section[aria-labelledby="busiest-title"] li');
    await busiest.first().waitFor();
    await until('the stream to carry both', () => topics.at(-1)?.endsWith(',processes,services'));
    const before = (await busiest.allInnerTexts()).join();
    await until('other figures', async () => (await busiest.allInnerTexts()).join() !== before);
    assert.equal(lists.length, 2, lists.join());
    await page.getByText(admin.t('stream.live')).first().waitFor();
    // A page that shows neither has nobody look.
    await page.evaluate(() => document.querySelector('nav a[href="/jobs"]').click());
    await until('the stream to carry neither', () => topics.at(-1)?.endsWith(',audit'));
    await admin.go('/machine');
    await page.locator('#processes tbody tr').first().waitFor();
    await until('the stream to carry processes', () => topics.at(-1)?.endsWith(',audit,processes'));
    page.off('request', note);
  });

  await runner.check('only what the machine has is there', async () => {
    const { values } = (await panel.api('GET', '/metrics')).body;
    const has = (family) => values.some((value) => value.family === family);
    assert.equal(await page.locator('#temperature').count(), Number(has('temperature')));
    assert.equal(await page.locator('#swap').count(), Number(has('swap-used')));
    assert.equal(await page.locator('#space').count(), Number(has('space-used')));
  });

  await runner.check('a range is in the address and survives a reload', async () => {
    await admin.button('machine.range.6h').click();
    await page.waitForURL(/\?range=6h$/);
    await page.reload();
    await drawn('cpu');
    assert.equal(await admin.button('machine.range.6h').getAttribute('aria-pressed'), 'true');
  });

  await runner.check('the keyboard reads values, zooms, moves, and comes back', async () => {
    await admin.go('/machine');
    await drawn('load');
    await chart('load').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    assert.match(await chart('load').getAttribute('aria-valuetext'), /^\w{3} \d+, \d{4}, \d\d:\d\d:\d\d, 1 minute [\d.]+, 5 minutes [\d.]+/);
    await page.locator('#load .tip').waitFor();
    await page.keyboard.press('+');
    await page.waitForURL(/\?from=.+&to=/);
    const zoomedFrom = query().get('from');
    await page.keyboard.press('Shift+ArrowLeft');
    await page.waitForURL((url) => url.searchParams.get('from') < zoomedFrom);
    await admin.button('machine.now').click();
    await page.waitForURL((url) => !url.search);
  });

  await runner.check('dragging across a chart zooms all of them', async () => {
    await admin.go('/machine?range=1h');
    await drawn('cpu');
    const box = await chart('cpu').boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/&from=.+&to=/);
    const length = Date.parse(query().get('to')) - Date.parse(query().get('from'));
    assert.ok(length > 10 * 60_000 && length < 25 * 60_000, `${length} ms`);
  });

  await runner.check('in Arabic the axis stands at the right, and time runs to the right still', () =>
    admin.speaking('ar', 'light', async () => {
      await admin.go('/machine');
      await drawn('cpu');
      const places = await page.locator('#cpu').evaluate((card) => {
        const x = (selector) => [...card.querySelectorAll(selector)].map((node) => node.getBoundingClientRect().x);
        return { values: x('text.value'), times: x('text.time') };
      });
      assert.ok(Math.min(...places.values) > Math.max(...places.times), JSON.stringify(places));
      assert.deepEqual(places.times, [...places.times].sort((a, b) => a - b));
    }),
  );

  await runner.check('a disk that is nearly full is named, with a way to its chart', async () => {
    // Only the figure is made up; without the stream it stays.
    await page.route('**/api/v1/events*', (route) => route.fulfill({ contentType: 'text/event-stream', body: '' }));
    await page.route('**/api/v1/metrics', async (route) => {
      const answer = await route.fetch();
      const figures = await answer.json();
      figures.values.push({ family: 'space-used', object: '/srv/backups', value: 98.2 }, { family: 'inodes-used', object: '/var', value: 92 });
      await route.fulfill({ json: figures });
    });
    try {
      await admin.go('/');
      const line = page.locator('li', { hasText: '/srv/backups' });
      assert.match(await line.innerText(), /98\.2 %/);
      await page.locator('li', { hasText: '/var' }).waitFor();
      await admin.inspect('dashboard-shortage-en-light');
      await line.getByRole('link').click();
      await page.waitForURL(/\/machine#space$/);
    } finally {
      // A question may be under way still.
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    }
  });

  await runner.check('the dashboard names the services with their versions and what is busy', async () => {
    await admin.go('/');
    const card = (key) => page.locator('section.card', { has: page.getByRole('heading', { name: admin.t(key) }) });
    const nginx = card('service.title').locator('li', { hasText: 'nginx' });
    assert.match(await nginx.innerText(), /nginx\s+[\d.]+.*running/s);
    await card('service.title').locator('li', { hasText: 'manara' }).waitFor();
    await card('process.busiest').locator('li').nth(5).waitFor();
    await admin.link('process.all').click();
    await page.waitForURL(/\/machine#processes$/);
    await until('the processes to be in sight', async () => (await page.locator('#processes').boundingBox())?.y < 700);
  });

  await runner.check('processes are found by name and sorted by memory, and the address says so', async () => {
    await admin.go('/machine?range=1h#processes');
    const rows = page.locator('#processes tbody tr');
    const search = page.getByRole('searchbox', { name: admin.t('process.search') });
    const byMemory = page.getByRole('group', { name: admin.t('process.sort') }).getByRole('button', { name: admin.t('process.memory') });
    const onlyNginx = () => until('nginx alone', async () => (await rows.count()) > 0 && (await rows.allInnerTexts()).every((text) => text.includes('nginx')));
    const sorted = page.locator('#processes th[aria-sort=descending]', { hasText: admin.t('process.memory') });
    await search.fill('nginx');
    await page.waitForURL((url) => url.searchParams.get('q') === 'nginx');
    await onlyNginx();
    await byMemory.click();
    await page.waitForURL((url) => url.searchParams.get('sort') === 'memory');
    await sorted.waitFor();
    assert.equal(query().get('range'), '1h', 'the time of the charts stays');
    await page.reload();
    await onlyNginx();
    await sorted.waitFor();
    assert.equal(await search.inputValue(), 'nginx');
    assert.equal(await byMemory.getAttribute('aria-pressed'), 'true');
    await search.fill('');
    await page.waitForURL((url) => !url.searchParams.has('q'));
    await until('the others too', async () => !(await rows.allInnerTexts()).every((text) => text.includes('nginx')));
  });

  const board = page.locator('section[aria-labelledby="charts-title"]');
  const range = (name) => board.getByRole('button', { name: admin.t(`machine.range.${name}`), exact: true });
  const boardDrawn = () => until('four charts', async () => (await board.locator('[role=slider] svg').count()) === 4);

  await runner.check('the dashboard has charts of any time, in its address, and leads to all of them for the same time', async () => {
    await admin.go('/');
    await boardDrawn();
    assert.equal(await range('1h').getAttribute('aria-pressed'), 'true');
    await range('1y').click();
    await page.waitForURL((url) => url.pathname === '/' && url.search === '?range=1y');
    await page.reload();
    await boardDrawn();
    assert.equal(await range('1y').getAttribute('aria-pressed'), 'true');
    // Five minutes go on by the stream.
    await range('5m').click();
    await page.waitForURL((url) => url.search === '?range=5m');
    await admin.settled();
    const line = () => board.locator('#cpu [role=slider] path.line').first().getAttribute('d');
    const before = await line();
    await until('the line to go on', async () => (await line()) !== before);
    await admin.link('machine.all').click();
    await page.waitForURL((url) => url.pathname === '/machine' && url.search === '');
    assert.equal(await admin.button('machine.range.5m').getAttribute('aria-pressed'), 'true');
    await page.goBack();
    await range('1h').click();
    await page.waitForURL((url) => url.search === '');
    await admin.link('machine.all').click();
    await page.waitForURL((url) => url.pathname === '/machine' && url.search === '?range=1h');
  });

  await runner.check('the charts of the dashboard zoom and move together', async () => {
    await admin.go('/?range=6h');
    await boardDrawn();
    await board.scrollIntoViewIfNeeded();
    const box = await chart('memory').boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/&from=.+&to=/);
    const from = query().get('from');
    await board.getByRole('button', { name: admin.t('machine.earlier') }).click();
    await page.waitForURL((url) => url.searchParams.get('from') < from);
    const asked = new URL(page.url()).search;
    await admin.link('machine.all').click();
    await page.waitForURL((url) => url.pathname === '/machine' && url.search === asked);
    await page.goBack();
    await admin.button('machine.now').click();
    await page.waitForURL((url) => url.search === '?range=6h');
  });

  for (const [lang, theme] of VARIANTS) {
    await runner.check(`services, sites and processes in pictures, ${lang}, ${theme}`, () =>
      admin.speaking(lang, theme, async () => {
        await admin.go('/');
        await page.locator('section.card li').nth(12).waitFor();
        await admin.inspect(`dashboard-top-${lang}-${theme}`);
        await boardDrawn();
        await page.setViewportSize({ width: 1280, height: 2200 });
        await page.screenshot({ path: `${runner.target}/screens/dashboard-whole-${lang}-${theme}.png`, animations: 'disabled' });
        await page.setViewportSize({ width: VIEWPORTS.phone.width, height: 4000 });
        await admin.settled();
        await page.screenshot({ path: `${runner.target}/screens/dashboard-whole-${lang}-${theme}-phone.png`, animations: 'disabled' });
        await page.setViewportSize(VIEWPORTS.desktop);
        await admin.go('/machine#processes');
        await page.locator('#processes tbody tr').nth(5).waitFor();
        await page.locator('#processes').scrollIntoViewIfNeeded();
        await admin.inspect(`processes-${lang}-${theme}`);
      }),
    );
  }

  for (const [lang, theme] of VARIANTS) {
    await runner.check(`charts in pictures, ${lang}, ${theme}`, () =>
      admin.speaking(lang, theme, async () => {
        await admin.go('/machine');
        await drawn('cpu');
        await admin.inspect(`machine-${lang}-${theme}`);
        await chart('cpu').hover();
        await page.locator('#cpu .tip').waitFor();
        await admin.inspect(`machine-cursor-${lang}-${theme}`, { phone: false });
        await page.mouse.move(0, 0);
        await admin.go('/machine?from=2026-01-05T10:00:00Z&to=2026-01-05T12:30:00Z');
        await page.getByText(admin.t('machine.nothing')).first().waitFor();
        await admin.inspect(`machine-past-${lang}-${theme}`);
      }),
    );
  }

  await runner.check('paper has every chart, as wide as the paper', async () => {
    await page.setViewportSize(VIEWPORTS.desktop);
    for (const lang of ['en', 'ar']) {
      await admin.speaking(lang, 'dark', async () => {
        await admin.go('/machine?range=1h');
        await everyChart();
        assert.equal(await page.evaluate(() => scrollY), 0, 'nobody has scrolled there');
        // A4 without its margins, at 96 dots per inch.
        await page.setViewportSize({ width: 688, height: 980 });
        await page.emulateMedia({ media: 'print' });
        await until('the charts on paper', () => page.evaluate(() => document.querySelectorAll('.charts svg').length >= 8));
        const widths = await page.evaluate(() => [...document.querySelectorAll('.charts svg')].map((svg) => [svg.getBoundingClientRect().right, svg.closest('section').getBoundingClientRect().right]));
        for (const [svg, card] of widths) assert.ok(svg <= card, `a chart ends at ${svg}, its card at ${card}`);
        await page.screenshot({ path: `${runner.target}/screens/machine-paper-${lang}.png`, fullPage: true });
        await page.emulateMedia({ media: 'screen' });
        await page.setViewportSize(VIEWPORTS.desktop);
        const paper = await page.pdf({ path: `${runner.target}/screens/machine-${lang}.pdf`, format: 'A4', preferCSSPageSize: false });
        assert.ok((paper.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []).length >= 2, 'more than one page');
      });
    }
  });

  await runner.check('the marks of time are those of the account, in its digits', async () => {
    const prefer = (body) => admin.asks('PATCH', '/session/preferences', body);
    // Half an hour beside every other clock.
    assert.equal(await prefer({ time_zone: 'Asia/Kolkata', digits: 'arabic-indic' }), 200);
    try {
      await admin.speaking('ar', 'dark', async () => {
        await admin.go('/machine?range=6h');
        await drawn('cpu');
        const [shown, wanted] = await page.evaluate(() => {
          const format = new Intl.DateTimeFormat('ar-u-nu-arab', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Kolkata' });
          const half = 1_800_000;
          const last = Math.floor((Date.now() - half) / 3_600_000) * 3_600_000 + half;
          const hours = Array.from({ length: 7 }, (_, index) => last - index * 3_600_000).filter((at) => format.format(at) !== format.format(0).replace(/./g, '٠'));
          return [[...document.querySelectorAll('#cpu text.time')].map((text) => text.textContent), hours.map((at) => format.format(at))];
        });
        const times = shown.filter((text) => text.includes(':'));
        assert.ok(times.length >= 3, String(shown));
        for (const time of times) assert.ok(wanted.includes(time), `${time} is none of ${wanted}`);
        await admin.inspect('machine-digits-ar-dark', { phone: false });
      });
    } finally {
      await prefer({ time_zone: null, digits: 'latin' });
    }
  });
}
