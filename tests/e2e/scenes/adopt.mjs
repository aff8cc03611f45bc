// A panel on a machine where nginx served somebody's sites before, and whose root lets the panel take it over: nothing
// happens before the plan was looked at, and what was taken comes back.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Panel, PASSWORD } from '../lib/panel.mjs';
import { Person } from '../lib/person.mjs';
import { assert } from '../lib/runner.mjs';

/** What somebody had before. */
const theirs = ({ root, httpPort }) => `${process.getuid() === 0 ? 'user root;\n' : ''}pid ${root}/run/nginx.pid;
error_log ${root}/var/log/nginx/error.log;
events {}
http {
    access_log off;
    server { listen ${httpPort} default_server; server_name shop.test; return 200 "the shop\\n"; }
    include ${root}/etc/nginx/conf.d/*.conf;
}
`;

/** What nginx answers for a name; null where it closes the connection. */
const answer = (panel, host) =>
  new Promise((done) => {
    const request = http.get({ port: panel.httpPort, headers: { host } }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part)).on('end', () => done(text));
    });
    request.on('error', () => done(null));
  });

export async function adopt(world) {
  const { runner } = world;
  let main;
  let before;
  const panel = await Panel.start({
    env: { MANARA_NGINX_OWNERSHIP: 'owned' },
    prepare: (panel) => {
      main = path.join(panel.root, 'etc/nginx/nginx.conf');
      for (const folder of ['etc/nginx/conf.d', 'run', 'var/log/nginx']) fs.mkdirSync(path.join(panel.root, folder), { recursive: true });
      before = theirs(panel);
      fs.writeFileSync(main, before);
    },
  });
  assert.equal((await panel.cli(['claim', '--user', 'admin', '--password-stdin'], PASSWORD)).code, 0);
  panel.admin = await panel.token('e2e', 'admin');
  const person = await Person.arrive(runner, panel);
  await person.signIn();
  await person.signedIn();

  await runner.check('nginx of others is not taken over before its plan was looked at', async () => {
    assert.equal((await panel.api('POST', '/sites', { body: { domain: 'a.test', kind: 'static' } })).status, 201);
    const { body } = await panel.api('GET', '/nginx');
    assert.deepEqual([body.ownership, body.wanted], ['shared', 'owned']);
    assert.equal(fs.readFileSync(main, 'utf8'), before);
    assert.equal(await answer(panel, 'shop.test'), 'the shop\n');
    await person.go('/');
    await person.button('doctor.plan').waitFor();
    await person.inspect('dashboard-adopts-en-light');
    await person.speaking('ar', 'dark', async () => {
      await person.go('/doctor');
      await person.button('doctor.plan').click();
      await person.heading('plan.title').waitFor();
      await person.inspect('doctor-adopt-plan-ar-dark');
    });
    await person.go('/doctor');
    await person.button('doctor.plan').click();
    await person.heading('plan.title').waitFor();
    await person.page.getByText('nginx.conf', { exact: true }).first().waitFor();
    await person.inspect('doctor-adopt-plan-en-light');
    assert.equal(fs.readFileSync(main, 'utf8'), before, 'a plan that is looked at changes nothing');
    await person.button('plan.apply').click();
    await person.button('doctor.plan').waitFor({ state: 'detached' });
    assert.equal((await panel.api('GET', '/nginx')).body.ownership, 'owned');
    assert.equal(await answer(panel, 'shop.test'), null);
    assert.match(await answer(panel, 'a.test'), /a\.test/);
  });

  await runner.check('what was taken over comes back as it was', async () => {
    const shown = await panel.cli(['nginx', 'release', '--plan']);
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /server_name shop\.test/);
    const done = await panel.cli(['--yes', 'nginx', 'release']);
    assert.equal(done.code, 0, done.stderr);
    assert.equal(fs.readFileSync(main, 'utf8'), before);
    assert.equal(await answer(panel, 'shop.test'), 'the shop\n');
    assert.match(await answer(panel, 'a.test'), /a\.test/);
  });
  await person.leave();
}
