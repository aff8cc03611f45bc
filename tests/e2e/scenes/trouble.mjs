// What happens when somebody edits nginx's files by hand, when nginx refuses, and when an apply fails halfway.
import fs from 'node:fs';
import path from 'node:path';
import { assert, until } from '../lib/runner.mjs';
import { VARIANTS } from '../lib/variants.mjs';
import { toReview } from '../lib/wizard.mjs';

/** What a file's name and nginx's own words would do if they were not only text. */
const MARKUP = '<img src=x onerror=window.pwned=1>';
const BROKEN = `"no_such_directive${MARKUP}" on;\n`;

export async function trouble(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const file = await panel.fileOf('shop.test');
  const good = fs.readFileSync(file, 'utf8');
  const executed = () => page.evaluate(() => window.pwned !== undefined || document.querySelector('main img') !== null);

  await runner.check('a hand edit is shown, and discarded after a look', async () => {
    fs.writeFileSync(file, good.replace('index ', '# by hand\n    index '));
    await admin.go('/sites/shop.test');
    await page.getByText(admin.t('site.drifted'), { exact: true }).waitFor();
    await admin.link('attention.review').click();
    await admin.heading('nginx.drift_title').waitFor();
    assert.match(await page.locator('figure .lines').first().innerText(), /# by hand/);
    for (const [lang, theme] of VARIANTS) {
      await admin.speaking(lang, theme, async () => {
        await page.reload();
        await admin.heading('nginx.drift_title').waitFor();
        await admin.inspect(`drift-${lang}-${theme}`);
      });
    }
    await admin.go('/');
    await page.getByText(admin.t('attention.drift')).first().waitFor();
    await admin.inspect('dashboard-drift-en-light');
    await admin.go('/sites/shop.test/nginx');
    await admin.button('nginx.discard').click();
    await admin.button('plan.apply').click();
    await page.getByText(admin.t('nginx.clean')).waitFor();
    assert.equal(fs.readFileSync(file, 'utf8'), good);
  });

  await runner.check('a file that somebody put beside the panel\'s is told, its name as text', async () => {
    const foreign = path.join(path.dirname(file), MARKUP);
    fs.writeFileSync(foreign, '# nothing\n');
    try {
      await admin.go('/');
      await page.locator('main li code', { hasText: MARKUP }).first().waitFor();
      assert.equal(await executed(), false);
    } finally {
      fs.rmSync(foreign);
    }
  });

  await runner.check('all that needs attention has a way on, and an edited site comes first among the sites', async () => {
    const shared = path.join(panel.root, 'etc/nginx/manara/snippets/static.conf');
    const applied = fs.readFileSync(shared, 'utf8');
    const lines = page.locator('section[aria-labelledby=attention-title] li');
    const listed = page.locator('section[aria-labelledby=site-sum-title] .list li');
    fs.writeFileSync(shared, `${applied}# by hand\n`);
    fs.writeFileSync(file, `${good}# by hand\n`);
    try {
      await admin.go('/');
      const way = lines.filter({ hasText: 'snippets/static.conf' }).getByRole('link');
      await way.waitFor();
      assert.equal(await way.getAttribute('href'), '/doctor', 'no site to lead to');
      for (const line of await lines.all()) await until(`a way on from: ${await line.innerText()}`, () => line.locator('a, button').count());
      await listed.first().getByText(admin.t('sites.drift'), { exact: true }).waitFor();
      assert.match(await listed.first().innerText(), /shop\.test/);
      await listed.nth(1).waitFor();
      await admin.inspect('dashboard-sites-en-light');
      await admin.speaking('ar', 'dark', async () => {
        await admin.go('/');
        await listed.nth(1).waitFor();
        await admin.inspect('dashboard-sites-ar-dark');
      });
      await admin.go('/');
      await listed.first().getByText(admin.t('sites.drift'), { exact: true }).waitFor();
      await listed.first().getByRole('link').click();
      await page.waitForURL(/\/sites\/shop\.test$/);
      // Nothing is said twice: the doctor's finding stands behind the line of the file.
      await admin.go('/');
      await way.click();
      await page.waitForURL(/\/doctor$/);
      const finding = page.locator('main li', { hasText: 'snippets/static.conf' });
      await finding.waitFor();
      await page.locator('main li', { hasText: path.basename(file) }).waitFor();
      await admin.inspect('doctor-drift-en-light');
      await admin.speaking('ar', 'dark', async () => {
        await admin.go('/doctor');
        await finding.waitFor();
        await admin.inspect('doctor-drift-ar-dark');
      });
      await admin.go('/doctor');
      await finding.getByRole('button', { name: admin.t('doctor.plan') }).click();
      await admin.heading('plan.title').waitFor();
      await admin.button('plan.apply').click();
      await finding.waitFor({ state: 'detached' });
      assert.equal(fs.readFileSync(shared, 'utf8'), applied);
    } finally {
      fs.writeFileSync(shared, applied);
      fs.writeFileSync(file, good);
      // The lists of sites say what the panel saw last.
      await panel.api('GET', '/drift');
    }
  });

  await runner.check('a file broken by hand: nginx\'s own words, and nothing can be applied', async () => {
    fs.writeFileSync(file, good + BROKEN);
    await toReview(admin, { kind: 'static', domain: 'new.test' });
    await page.getByText(admin.t('plan.test_failed')).waitFor();
    assert.ok((await page.locator('.evidence').first().innerText()).includes(`unknown directive "no_such_directive${MARKUP}"`));
    assert.equal(await executed(), false);
    assert.ok(await admin.button('wizard.apply').isDisabled());
    await admin.inspect('wizard-refused-en-light');
    const answer = await panel.api('POST', '/sites', { body: { domain: 'new.test', kind: 'static' } });
    assert.equal(answer.status, 502);
    assert.equal(answer.body.code, 'nginx_other_site_broken');
    assert.match(answer.body.evidence, /no_such_directive/);
    fs.writeFileSync(file, good);
  });

  await runner.check('broken between review and apply: the error with evidence, the old state answers', async () => {
    await toReview(admin, { kind: 'static', domain: 'new.test' });
    await page.getByText(admin.t('plan.test_ok')).waitFor();
    fs.writeFileSync(file, good + BROKEN);
    await admin.button('wizard.apply').click();
    await page.locator('.notice.danger .evidence').waitFor();
    assert.match(await page.locator('.notice.danger').innerText(), /no_such_directive<img/);
    assert.equal(await executed(), false);
    await admin.inspect('apply-failed-en-light');
    await expectNothingLeft(panel, 'new.test');
    await admin.go('/jobs?state=failed');
    await page.locator('main li a').first().click();
    await page.locator('.notice.danger').waitFor();
    await admin.inspect('job-failed-en-light');
    fs.writeFileSync(file, good);
  });

  await runner.check('an apply that nginx never takes up is taken back', async () => {
    await toReview(admin, { kind: 'static', domain: 'new.test' });
    await page.getByText(admin.t('plan.test_ok')).waitFor();
    const pid = Number(fs.readFileSync(path.join(panel.root, 'run/nginx.pid'), 'utf8'));
    const generation = () => fs.readFileSync(path.join(panel.root, 'etc/nginx/manara/generation.conf'), 'utf8');
    const before = generation();
    process.kill(pid, 'SIGSTOP');
    try {
      await admin.button('wizard.apply').click();
      await until('the apply to wait for nginx', () => generation() !== before);
      const applied = generation();
      assert.equal((await panel.visit('shop.test')).status, 200, 'the old workers serve meanwhile');
      // The panel has waited as long as it waits for a reload, and is loading the former state under the next number.
      await until('the apply to be taken back', () => generation() !== applied, 120_000);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await page.locator('.notice.danger').waitFor();
    await admin.inspect('apply-taken-back-en-light');
    await expectNothingLeft(panel, 'new.test');
    const after = await panel.api('POST', '/sites', { body: { domain: 'new.test', kind: 'static' } });
    assert.equal(after.status, 201, `the next try works: ${after.text}`);
    assert.equal((await panel.api('DELETE', '/sites/new.test')).status, 200);
  });
}

async function expectNothingLeft(panel, domain) {
  assert.equal((await panel.api('GET', `/sites/${domain}`)).status, 404);
  assert.notEqual((await panel.visit(domain)).status, 200);
  assert.equal((await panel.visit('shop.test')).status, 200, 'the other sites answer');
  assert.ok(!fs.existsSync(path.join(panel.root, 'srv/www', domain)), 'no folder is left');
}
