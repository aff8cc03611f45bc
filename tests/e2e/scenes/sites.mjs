// Sites: made through the wizard, answered by the real nginx, mistakes at their fields, deleted by name.
import fs from 'node:fs';
import { upstream } from '../lib/panel.mjs';
import { assert, until } from '../lib/runner.mjs';
import { create, toReview } from '../lib/wizard.mjs';

export async function sites(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;

  await runner.check('an empty list leads to the wizard', async () => {
    await admin.go('/sites');
    await page.getByText(admin.t('sites.none'), { exact: true }).waitFor();
    await admin.inspect('sites-empty-en-light');
    await admin.link('sites.create_first').click();
    await admin.heading('nav.new_site').waitFor();
    await admin.inspect('wizard-kind-en-light');
  });

  await runner.check('what a new site changes stands beside the steps, and follows what is typed', async () => {
    const preview = page.locator('section[aria-labelledby=preview-title]');
    const file = preview.locator('figure .lines').first();
    const box = (locator) => locator.evaluate((node) => node.getBoundingClientRect().toJSON());
    for (const [lang, theme] of [['en', 'light'], ['ar', 'dark']]) {
      await admin.speaking(lang, theme, async () => {
        await admin.go('/sites/new');
        await preview.getByText(admin.t('wizard.preview_none')).waitFor();
        const [form, beside] = [await box(page.locator('main form')), await box(preview)];
        assert.ok(lang === 'ar' ? beside.right <= form.left : beside.left >= form.right, `${JSON.stringify(form)} ${JSON.stringify(beside)}`);
        await admin.button('action.next').click();
        const domain = page.locator('input[name=domain]');
        await domain.fill('beside.test');
        await until('the file of the site', async () => /server_name\s+beside\.test;/.test(await file.innerText()));
        await preview.getByText(admin.t('plan.test_ok')).waitFor();
        await admin.inspect(`wizard-beside-${lang}-${theme}`);
        await domain.fill('beside');
        await preview.getByText(admin.t('wizard.preview_none')).waitFor();
        await domain.fill('beside.test');
        await admin.button('action.next').click();
        await page.locator('input[type=number]').fill('7');
        await until('the option in the file', async () => /client_max_body_size\s+7m;/.test(await file.innerText()));
        assert.equal(await page.locator('[aria-invalid=true]').count(), 0);
      });
    }
    assert.equal((await panel.api('GET', '/sites')).body.total, 0, 'looking changes nothing');
  });

  await runner.check('a static site: reviewed, tested by nginx, applied, answered', async () => {
    await toReview(admin, { kind: 'static', domain: 'shop.test', aliases: ['www.shop.test'] });
    await page.getByText(admin.t('plan.test_ok')).waitFor();
    const file = await page.locator('figure .lines').first().innerText();
    assert.match(file, /server_name\s+shop\.test\s+www\.shop\.test;/);
    assert.equal((await panel.api('GET', '/sites')).body.total, 0, 'a review changes nothing');
    await admin.inspect('wizard-review-en-light');
    await admin.button('wizard.apply').click();
    await admin.heading('wizard.done_title').waitFor();
    await admin.inspect('wizard-done-en-light');
    for (const host of ['shop.test', 'www.shop.test']) {
      const answer = await panel.visit(host);
      assert.equal(answer.status, 200);
      assert.match(answer.body, /<html/i);
    }
    assert.equal((await panel.visit('unknown.test')).status, 0, 'other names get nothing');
  });

  await runner.check('a site with an Arabic domain, made in Arabic', async () => {
    const [name, ascii] = ['مثال.إختبار', 'xn--mgbh0fb.xn--kgbechtv'];
    await admin.speaking('ar', 'light', async () => {
      await create(admin, { kind: 'static', domain: name });
      await admin.inspect('wizard-done-ar-light');
      assert.equal((await panel.visit(ascii)).status, 200);
      await admin.go(`/sites/${ascii}`);
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      await page.getByText(ascii, { exact: true }).first().waitFor();
    });
  });

  await runner.check('a proxy passes requests on, with its headers', async () => {
    world.upstream = await upstream();
    await create(admin, { kind: 'proxy', domain: 'app.test', upstream: world.upstream.url, header: { name: 'X-E2E', value: '"quoted" value; {} \\' } });
    const answer = await panel.visit('app.test', '/where?a=1');
    assert.equal(answer.body, 'application /where?a=1 for app.test "quoted" value; {} \\');
  });

  await runner.check('several mistakes are shown at once, each at its field, and the input is kept', async () => {
    const typed = { kind: 'proxy', domain: 'bad_domain..test', aliases: ['-x.test', 'shop.test'], upstream: 'ftp://nowhere' };
    await toReview(admin, typed);
    await page.getByText(admin.t('form.fix_these')).waitFor();
    const listed = await page.locator('.notice li').allInnerTexts();
    assert.ok(listed.length >= 3, `all mistakes are listed: ${listed.join(' | ')}`);
    const domain = page.locator('input[name=domain]');
    assert.equal(await domain.inputValue(), typed.domain);
    assert.equal(await domain.getAttribute('aria-invalid'), 'true');
    assert.ok(await domain.evaluate((field) => field === document.activeElement), 'the first mistake has the focus');
    await admin.inspect('wizard-mistakes-en-light');
    await admin.speaking('ar', 'dark', async () => {
      await toReview(admin, typed);
      await page.getByText(admin.t('form.fix_these')).waitFor();
      await admin.inspect('wizard-mistakes-ar-dark');
    });
  });

  await runner.check('a taken name is refused at its field, and what was typed is kept', async () => {
    const at = async (field, name) => {
      await page.getByRole('alert').getByText(name).waitFor();
      assert.equal(await field.getAttribute('aria-invalid'), 'true');
      assert.ok(await field.evaluate((input) => input === document.activeElement), 'the field has the focus');
    };
    const alias = (number) => page.getByLabel(admin.t('site.alias_number', { number }), { exact: true });
    await toReview(admin, { kind: 'static', domain: 'www.shop.test', aliases: ['free.test'] });
    await at(page.locator('input[name=domain]'), /www\.shop\.test/);
    await admin.inspect('wizard-taken-en-light');
    assert.equal(await alias(1).inputValue(), 'free.test');
    await toReview(admin, { kind: 'static', domain: 'new.test', aliases: ['', 'free.test', 'shop.test'] });
    await at(alias(2), /shop\.test/);
    assert.equal(await page.locator('input[name=domain]').inputValue(), 'new.test');
    fs.mkdirSync(`${panel.root}/srv/www/folder.test`, { recursive: true });
    await toReview(admin, { kind: 'static', domain: 'folder.test' });
    await at(page.locator('input[name=domain]'), /folder\.test/);
  });

  await runner.check('a changed setting is reviewed in a dialog and applied', async () => {
    await admin.go('/sites/shop.test/settings');
    await page.locator('input[type=number]').fill('42');
    await admin.button('action.review_changes').click();
    await admin.heading('plan.title').waitFor();
    assert.match(await page.locator('[role=dialog] .lines').innerText(), /client_max_body_size\s+42m;/);
    await admin.inspect('plan-dialog-en-light');
    await admin.button('plan.apply').click();
    await page.getByText(admin.t('plan.applied')).waitFor();
    assert.equal((await panel.api('GET', '/sites/shop.test')).body.max_body_mb, 42);
  });

  await runner.check('a site is switched off and on, and undo is offered', async () => {
    await admin.go('/sites/shop.test');
    await admin.button('site.disable').click();
    await admin.button('site.enable').waitFor();
    assert.notEqual((await panel.visit('shop.test')).status, 200);
    await admin.button('action.undo').click();
    await admin.button('site.disable').waitFor();
    await until('the site to answer again', async () => (await panel.visit('shop.test')).status === 200);
  });

  await runner.check('deleting wants the name, and keeps the files', async () => {
    await panel.site({ domain: 'old.test', kind: 'static' });
    await admin.go('/sites/old.test');
    await admin.button('site.delete').click();
    const dialog = page.getByRole('alertdialog');
    const confirm = dialog.getByRole('button', { name: admin.t('site.delete') });
    const cancel = dialog.getByRole('button', { name: admin.t('action.cancel') });
    await until('Cancel to have the focus', () => cancel.evaluate((button) => button === document.activeElement));
    await dialog.locator('input').fill('other.test');
    assert.ok(await confirm.isDisabled());
    await admin.inspect('delete-en-light');
    await dialog.locator('input').fill('old.test');
    await confirm.click();
    await until('the list', () => new URL(page.url()).pathname === '/sites');
    assert.equal((await panel.api('GET', '/sites/old.test')).status, 404);
    assert.notEqual((await panel.visit('old.test')).status, 200);
  });
}
