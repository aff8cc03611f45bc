// Every page in both languages, at a desk and on a phone: a picture, axe, and whether its layout is broken. With
// MANARA_E2E_FULL also with more contrast, without motion, and on paper.
import { sideways, VIEWPORTS } from '../../../assets/ui/test/browser.mjs';
import { broken } from '../../../assets/ui/test/layout.mjs';
import { Person } from '../lib/person.mjs';
import { assert } from '../lib/runner.mjs';
import { KEYS } from '../lib/texts.mjs';
import { VARIANTS } from '../lib/variants.mjs';

const LONG = 'a-shop-with-a-name-that-nobody-would-choose'.repeat(2).slice(0, 63);
const [LONG_NAME, LONG_SITE] = ['new', 'old'].map((first) => `${first}.${LONG}.${LONG}.test`);

/** A4 without its margins, at 96 dots per inch. */
const PAPER = { width: 688, height: 980 };

/** Every page for who asks for more contrast and less motion, and on paper. */
async function otherEyes({ runner, admin }, all) {
  const { page } = admin;
  for (const [lang, theme] of [['en', 'dark'], ['ar', 'light']]) {
    for (const [name, where] of Object.entries(all)) {
      await runner.check(`page ${name} with more contrast, without motion and on paper, ${lang}`, () =>
        admin.speaking(lang, theme, async () => {
          await page.emulateMedia({ contrast: 'more', reducedMotion: 'reduce' });
          await admin.go(where);
          await admin.inspect(`contrast-${name}-${lang}-${theme}`);
          const moving = await page.evaluate(() => document.getAnimations().filter((one) => (one.effect?.getComputedTiming().activeDuration ?? 0) > 10).length);
          assert.equal(moving, 0, 'nothing moves');
          await page.emulateMedia({ contrast: 'no-preference', reducedMotion: 'no-preference', media: 'print' });
          await page.setViewportSize(PAPER);
          await admin.settled();
          await page.screenshot({ path: `${runner.target}/screens/paper-${name}-${lang}.png`, fullPage: true });
          const cut = [...(await sideways(page)), ...(await broken(page, KEYS))];
          await page.setViewportSize(VIEWPORTS.desktop);
          await page.emulateMedia({ media: 'screen' });
          assert.deepEqual(cut, [], 'nothing is cut off on paper');
        }),
      );
    }
  }
}

export async function pages(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const jobs = (await panel.api('GET', '/jobs?limit=1')).body.items;
  const PAGES = {
    dashboard: '/',
    machine: '/machine?range=1h',
    sites: '/sites',
    'sites-none-found': '/sites?q=zzzz',
    'site-overview': '/sites/app.test',
    'site-long': `/sites/${LONG_SITE}`,
    'site-arabic': '/sites/xn--mgbh0fb.xn--kgbechtv',
    'site-domains': '/sites/shop.test/domains',
    'site-settings': '/sites/app.test/settings',
    'site-nginx': '/sites/app.test/nginx',
    'site-history': '/sites/app.test/history',
    'wizard-kind': '/sites/new',
    jobs: '/jobs',
    job: `/jobs/${jobs[0].id}`,
    components: '/components',
    doctor: '/doctor',
    about: '/about',
    audit: '/audit',
    users: '/users',
    settings: '/settings',
    account: '/account',
    'audit-verified': '/audit',
    'api-reference': '/api-reference',
    'api-operation': '/api-reference?q=site.create',
    'not-found': '/no/such/page',
  };
  // What is done on a page before its picture is taken.
  const FIRST = {
    'audit-verified': async () => {
      await admin.button('audit.verify').click();
      await page.locator('.notice.ok').waitFor();
    },
    about: () => page.locator('details').first().waitFor(),
    'api-operation': () => page.locator('main details').first().locator('summary').click(),
  };
  await panel.site({ domain: LONG_SITE, kind: 'static' });
  if (process.env.MANARA_E2E_FULL) await otherEyes(world, PAGES);
  for (const [lang, theme] of VARIANTS) {
    for (const [name, where] of Object.entries(PAGES)) {
      await runner.check(`page ${name}, ${lang}, ${theme}`, () =>
        admin.speaking(lang, theme, async () => {
          await admin.go(where);
          await FIRST[name]?.();
          await admin.inspect(`${name}-${lang}-${theme}`);
        }),
      );
    }
    await runner.check(`wizard, ${lang}, ${theme}`, () =>
      admin.speaking(lang, theme, async () => {
        await admin.go('/sites/new');
        await page.locator('input[type=radio][value=proxy]').check();
        await admin.button('action.next').click();
        await page.locator('input[name=domain]').fill(LONG_NAME);
        await admin.inspect(`wizard-domain-${lang}-${theme}`);
        await admin.button('action.next').click();
        await admin.inspect(`wizard-options-${lang}-${theme}`);
        await page.locator('form footer').getByRole('button', { name: admin.t('wizard.to_review') }).click();
        await page.getByText(admin.t('plan.test_ok')).waitFor();
        await admin.inspect(`wizard-review-${lang}-${theme}`);
      }),
    );
    await runner.check(`sign-in, ${lang}, ${theme}`, async () => {
      const visitor = await Person.arrive(runner, panel);
      await visitor.go('/sign-in');
      await visitor.speaking(lang, theme, async () => {
        await visitor.go('/sign-in');
        await visitor.inspect(`sign-in-${lang}-${theme}`);
      });
      await visitor.leave();
    });
    await runner.check(`overlays, ${lang}, ${theme}`, () =>
      admin.speaking(lang, theme, async () => {
        await admin.go('/sites');
        await admin.button('sites.row_menu', { name: 'app.test' }).click();
        await page.getByRole('menu').waitFor();
        await admin.inspect(`row-menu-${lang}-${theme}`, { phone: false });
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+k');
        await page.getByRole('option').first().waitFor();
        await admin.inspect(`palette-${lang}-${theme}`);
        await page.keyboard.press('Escape');
        await page.setViewportSize({ width: 390, height: 844 });
        await admin.button('nav.open').click();
        await page.locator('nav.sidebar.open').waitFor();
        await admin.inspect(`drawer-${lang}-${theme}`, { wide: false });
      }),
    );
  }

  await runner.check('a broken layout is noticed', async () => {
    const other = await admin.context.newPage();
    await other.setContent(`<p>nav.sites</p><p>{count} sites</p>
      <p style="width:60px;overflow:hidden;white-space:nowrap">a text that is cut off</p>
      <div style="position:relative"><p>one text</p><p style="margin-top:-32px">another text</p></div>
      <button>one</button><button style="margin-left:-30px">other</button>`);
    const found = (await broken(other, KEYS)).map((line) => line.split(':')[0]);
    await other.close();
    assert.deepEqual(found, ['key shown', 'hole shown', 'cut off', 'overlap', 'overlap']);
  });
  await runner.check('every answer carries the policy that forbids inline scripts and framing', async () => {
    for (const where of ['/', '/sign-in', '/api/v1/claim', '/health/live']) {
      const { headers } = await fetch(panel.origin + where);
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/, where);
      assert.match(policy, /frame-ancestors 'none'/, where);
      assert.doesNotMatch(policy, /unsafe/, where);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', where);
    }
  });
}
