// Nothing secret anywhere: in logs, in answers, in pages, in files that are not the store's own.
import fs from 'node:fs';
import path from 'node:path';
import { PASSWORD } from '../lib/panel.mjs';
import { assert } from '../lib/runner.mjs';

export async function secrets(world) {
  const { runner, panel, admin } = world;
  const cookie = (await admin.context.cookies()).find((one) => one.httpOnly);
  const known = { password: PASSWORD, session: cookie.value };
  world.secrets.forEach((secret, index) => (known[`secret ${index}`] = secret));
  const expectNone = (where, text) => {
    for (const [what, secret] of Object.entries(known)) assert.ok(!text.includes(secret), `${what} is in ${where}`);
  };

  await runner.check('no secret is in the log', async () => {
    // The link that claims the panel is printed on purpose, and is worth nothing by now.
    expectNone('the log', panel.log().replace(/\/claim#\S+/g, ''));
  });

  await runner.check('no secret is in an answer of the API', async () => {
    for (const where of ['/audit?limit=200', '/audit/export', '/jobs?limit=200', '/settings', '/sessions', '/tokens', '/users', '/state', '/doctor', '/openapi.json']) {
      const answer = await fetch(`${panel.origin}/api/v1${where}`, { headers: { Authorization: `Bearer ${panel.admin}` } });
      assert.equal(answer.status, 200, where);
      expectNone(where, await answer.text());
    }
  });

  await runner.check('no secret is in a page or in the browser\'s storage', async () => {
    for (const where of ['/', '/account', '/audit', '/users']) {
      await admin.go(where);
      await admin.settled();
      expectNone(where, await admin.page.content());
    }
    expectNone('the storage', await admin.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])));
  });

  await runner.check('no secret is readable in the panel\'s files', async () => {
    const files = fs.readdirSync(panel.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 10);
    for (const entry of files) {
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      expectNone(file, fs.readFileSync(file, 'latin1'));
    }
  });

  await runner.check('the trail of audit entries is whole at the end', async () => {
    assert.equal((await panel.api('GET', '/audit/verify')).body.ok, true);
  });
}
