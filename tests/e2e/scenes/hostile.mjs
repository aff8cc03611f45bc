// Names made to break out of their place: refused where they are names, text where they are texts.
import { assert } from '../lib/runner.mjs';
import { toReview } from '../lib/wizard.mjs';

const MARKUP = '<img src=x onerror="window.pwned=1">';
const REFUSED = [MARKUP, 'a.test\u202e', 'a\u0000b.test', 'a.test;\nreturn 200', '../../etc/passwd', '-rf.test', 'a.test{', '$host', 'a.test\u2066x'];

export async function hostile(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const executed = () => page.evaluate(() => window.pwned !== undefined || document.querySelector('main img, .dialog img') !== null);

  await runner.check('hostile domains are refused by the API and shown as text by the page', async () => {
    for (const domain of REFUSED) {
      const answer = await panel.api('POST', '/sites', { body: { domain, kind: 'static' } });
      assert.equal(answer.status, 422, `${JSON.stringify(domain)}: ${answer.text}`);
      assert.ok(answer.body.errors.some((error) => error.field === 'domain'), domain);
    }
    for (const domain of [MARKUP, 'a.test\u202e']) {
      await toReview(admin, { kind: 'static', domain });
      await page.getByText(admin.t('form.fix_these')).waitFor();
      assert.equal(await executed(), false);
    }
    await admin.inspect('hostile-domain-en-light');
  });

  await runner.check('hostile texts in addresses, filters and the palette stay text', async () => {
    const sent = encodeURIComponent(MARKUP);
    for (const where of [`/sites/${sent}`, `/sites?q=${sent}`, `/jobs/${sent}`, `/audit?q=${sent}&actor=${sent}`, `/${sent}`, `/sites?sort=${sent}`, `/api-reference?q=${sent}`]) {
      await admin.go(where);
      await admin.settled();
      assert.equal(await executed(), false, where);
    }
    await admin.go('/');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill(MARKUP);
    await page.getByText(admin.t('palette.none')).waitFor();
    assert.equal(await executed(), false);
  });

  await runner.check('a return address of another origin is not followed', async () => {
    for (const target of ['//evil.test/x', '/\\evil.test', 'https://evil.test/', 'javascript:window.pwned=1']) {
      await admin.go(`/sign-in?return=${encodeURIComponent(target)}`);
      await admin.signedIn();
      assert.equal(new URL(page.url()).origin, panel.origin, target);
    }
    assert.equal(await executed(), false);
  });

  await runner.check('unknown fields and forged addresses change nothing', async () => {
    const extra = await panel.api('POST', '/sites', { body: { domain: 'extra.test', kind: 'static', owner: 'root', dry_run: false } });
    assert.equal(extra.status, 422);
    const forged = { 'X-Forwarded-For': '203.0.113.9', 'CF-Connecting-IP': '203.0.113.9', Forwarded: 'for=203.0.113.9' };
    const wrong = await panel.api('POST', '/session', { token: '', body: { user: 'admin', password: 'wrong wrong wrong' }, headers: forged });
    assert.equal(wrong.status, 401);
    const trail = await panel.api('GET', '/audit?operation=session.create&limit=1');
    assert.equal(trail.body.items[0].address, '127.0.0.1');
  });
}
