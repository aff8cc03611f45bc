// Every page in both languages, at a desk and on a phone: a picture, axe, no sideways scrolling. With MANARA_E2E_FULL
// in both themes as well; otherwise English is light and Arabic dark.
import { assert } from '../lib/runner.mjs';

const VARIANTS = process.env.MANARA_E2E_FULL
  ? [['en', 'light'], ['en', 'dark'], ['ar', 'light'], ['ar', 'dark']]
  : [['en', 'light'], ['ar', 'dark']];

export async function pages(world) {
  const { runner, panel, admin } = world;
  const { page } = admin;
  const jobs = (await panel.api('GET', '/jobs?limit=1')).body.items;
  const PAGES = {
    dashboard: '/',
    sites: '/sites',
    'sites-none-found': '/sites?q=zzzz',
    'site-overview': '/sites/app.test',
    'site-arabic': '/sites/xn--mgbh0fb.xn--kgbechtv',
    'site-domains': '/sites/shop.test/domains',
    'site-settings': '/sites/app.test/settings',
    'site-nginx': '/sites/app.test/nginx',
    'wizard-kind': '/sites/new',
    jobs: '/jobs',
    job: `/jobs/${jobs[0].id}`,
    components: '/components',
    audit: '/audit',
    users: '/users',
    settings: '/settings',
    account: '/account',
    'api-reference': '/api-reference',
    'not-found': '/no/such/page',
  };
  for (const [lang, theme] of VARIANTS) {
    for (const [name, where] of Object.entries(PAGES)) {
      await runner.check(`page ${name}, ${lang}, ${theme}`, () =>
        admin.speaking(lang, theme, async () => {
          await admin.go(where);
          await admin.inspect(`${name}-${lang}-${theme}`);
        }),
      );
    }
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
