// The two pictures of the README: the list of sites as somebody who uses the panel has it.
import fs from 'node:fs';
import path from 'node:path';
import { Panel, PASSWORD } from '../lib/panel.mjs';
import { Person } from '../lib/person.mjs';
import { assert } from '../lib/runner.mjs';

const BYTES_MAX = 200_000;
const SITES = [
  { domain: 'alnoor.example', kind: 'static', aliases: ['www.alnoor.example'] },
  { domain: 'shop.alnoor.example', kind: 'proxy', upstream: 'http://127.0.0.1:3000' },
  { domain: 'api.alnoor.example', kind: 'proxy', upstream: 'http://127.0.0.1:4000', timeout_s: 120 },
  { domain: 'blog.nakhla.example', kind: 'static', aliases: ['news.nakhla.example', 'www.blog.nakhla.example'] },
  { domain: 'docs.nakhla.example', kind: 'static' },
  { domain: 'git.nakhla.example', kind: 'proxy', upstream: 'http://127.0.0.1:3100' },
  { domain: 'مكتبة.إختبار', kind: 'static', aliases: ['www.مكتبة.إختبار'] },
  { domain: 'متجر.إختبار', kind: 'proxy', upstream: 'http://127.0.0.1:5000' },
  { domain: 'old.nakhla.example', kind: 'static' },
];

export async function readme(runner, folder) {
  const panel = await Panel.start();
  assert.equal((await panel.cli(['claim', '--user', 'layla', '--password-stdin'], PASSWORD)).code, 0);
  panel.admin = await panel.token('pictures', 'admin');
  for (const site of SITES) await panel.site(site);
  assert.equal((await panel.api('POST', '/sites/old.nakhla.example/disable')).status, 200);
  const person = await Person.arrive(runner, panel);
  await person.signIn('layla');
  await person.signedIn();
  fs.mkdirSync(folder, { recursive: true });
  for (const lang of ['en', 'ar']) {
    await person.prefers(lang, 'light');
    await person.go('/sites');
    await person.page.locator('tbody a').first().waitFor();
    await person.settled();
    const file = path.join(folder, `sites-${lang}.png`);
    await person.page.screenshot({ path: file, animations: 'disabled' });
    assert.ok(fs.statSync(file).size <= BYTES_MAX, `${file} has more than ${BYTES_MAX} bytes`);
    console.log(`made ${file}`);
  }
  await person.leave();
  await panel.stop();
}
