// A second panel, on a machine without nginx: what it says, a live installation, and that it shares no secret with the
// first. The machine is a mount namespace of its own where nginx is hidden and apt is a script that brings it back.
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { Panel, PASSWORD } from '../lib/panel.mjs';
import { Person } from '../lib/person.mjs';
import { assert, until } from '../lib/runner.mjs';

/**
 * Fails the first time, as a package manager does that cannot reach its archive, and takes very long the second time. The
 * third time it goes on once its first lines were seen.
 */
const apt = (marker) => `#!/bin/sh
case "$*" in *update*) echo 'Reading package lists...'; exit 0 ;; esac
[ -e ${marker} ] || { touch ${marker}; echo 'E: Unable to fetch some archives'; exit 100; }
[ -e ${marker}-again ] || { touch ${marker}-again; for part in $(seq 120); do echo "Fetching part $part of nginx ..."; sleep 1; done; exit 100; }
for part in one two three four; do echo "Unpacking part $part of nginx ..."; sleep 1; done
for wait in $(seq 1200); do [ ! -e ${marker}-seen ] || break; sleep 0.1; done
umount /usr/sbin/nginx && echo 'Setting up nginx ...'
`;
const HIDE = 'mount --bind /dev/null /usr/sbin/nginx && mount --bind "$1" /usr/bin/apt-get && shift && exec "$@"';

export async function install(world) {
  const { runner, panel } = world;
  const possible = spawnSync('unshare', ['--mount', 'true']).status === 0;
  const promised = (process.env.MANARA_TEST_PROMISES ?? '').split(',').includes('root');
  if (!possible && !promised) return console.log('skipped a machine without nginx: needs root');

  const script = path.join(runner.target, 'apt-get');
  const marker = path.join(runner.target, 'apt-tried');
  fs.writeFileSync(script, apt(marker), { mode: 0o755 });
  let other;
  let person;
  await runner.check('without nginx the panel starts, and says what is missing', async () => {
    other = await Panel.start({ wrap: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', HIDE, 'sh', script], options: ['--allow-machine'] });
    assert.equal((await other.cli(['claim', '--user', 'admin', '--password-stdin'], PASSWORD)).code, 0);
    other.admin = await other.token('e2e', 'admin');
    const refused = await other.api('POST', '/sites', { body: { domain: 'a.test', kind: 'static' } });
    assert.deepEqual([refused.status, refused.body.code], [503, 'nginx_missing']);
    person = await Person.arrive(runner, other);
    await person.signIn();
    await person.signedIn();
    await person.go('/components');
    await person.button('components.install', { name: 'nginx' }).waitFor();
    await person.inspect('components-missing-en-light');
    await person.speaking('ar', 'dark', async () => {
      await person.go('/');
      await person.inspect('dashboard-nginx-missing-ar-dark');
    });
  });

  await runner.check('the doctor names what mends it; where that fails, the program is quoted at the finding', async () => {
    await person.go('/doctor');
    const row = person.page.locator('main li', { has: person.button('doctor.mend') });
    await row.waitFor();
    await person.inspect('doctor-broken-en-light');
    await person.speaking('ar', 'dark', async () => {
      await person.go('/doctor');
      await person.button('doctor.mend').waitFor();
      await person.inspect('doctor-broken-ar-dark');
    });
    await person.go('/doctor');
    // Mended by what the API's description says: where that does not come once, the next press asks for it again.
    await person.page.route('**/api/v1/openapi.json', (route) => route.abort(), { times: 1 });
    await person.button('doctor.mend').click();
    await row.getByText(person.t('error.offline_title')).waitFor();
    person.problems.length = 0;
    await person.button('doctor.mend').click();
    await row.getByText('Unable to fetch').waitFor();
    await person.inspect('doctor-failed-en-light');
  });

  await runner.check('a job that takes too long is cancelled on its page', async () => {
    const started = await other.api('POST', '/components/nginx/install', { headers: { Prefer: 'respond-async' } });
    assert.equal(started.status, 202, started.text);
    const { id } = started.body.job;
    // Somebody else has begun it: its page follows.
    await person.go('/components');
    await person.button('components.installing', { name: 'nginx' }).waitFor();
    await person.page.getByRole('log').getByText('Fetching part').waitFor();
    await person.go(`/jobs/${id}`);
    const main = person.page.locator('main');
    await main.getByText('Fetching part').first().waitFor();
    await person.button('jobs.cancel').click();
    await main.getByText(person.t('job_state.cancelled')).first().waitFor();
    assert.equal(await person.button('jobs.cancel').count(), 0);
    const said = person.page.locator('.corner .visually-hidden[role=status]');
    await until('its end to be said', async () => (await said.innerText()).includes(person.t('job_state.cancelled')));
    assert.equal((await other.api('GET', `/jobs/${id}`)).body.state, 'cancelled');
    await person.inspect('job-cancelled-en-light', { phone: false });
    assert.equal((await other.api('GET', '/components')).body.items[0].installed, false);
    await person.go('/components');
    await person.button('components.install', { name: 'nginx' }).waitFor();
  });

  await runner.check('nginx is installed in the first steps, with output as it comes', async () => {
    await person.go('/welcome?step=nginx');
    await person.button('components.install', { name: 'nginx' }).click();
    const log = person.page.getByRole('log');
    await until('the first lines', async () => (await log.innerText()).includes('part two'));
    assert.ok(!(await log.innerText()).includes('Setting up'), 'lines come one by one');
    await person.inspect('welcome-installing-en-light', { phone: false });
    fs.writeFileSync(`${marker}-seen`, '');
    await person.page.getByText(person.t('welcome.nginx_text')).waitFor();
    await person.page.locator('.notice.ok').waitFor();
    const [job] = (await other.api('GET', '/jobs')).body.items.filter((one) => one.operation === 'component.install');
    await person.go(`/jobs/${job.id}`);
    const output = person.page.locator('main [role=log], main [role=region]').last();
    await until('the last line', async () => (await output.innerText()).includes('Setting up nginx'));
    await person.inspect('job-done-en-light', { phone: false });
    await person.page.locator('main').getByText(person.t('job_state.done')).first().waitFor();
    const made = await other.api('POST', '/sites', { body: { domain: 'a.test', kind: 'static' } });
    assert.equal(made.status, 201, made.text);
    assert.equal((await other.visit('a.test')).status, 200);
  });

  await runner.check('two installs share no secret', async () => {
    const read = (one, file) => fs.readFileSync(path.join(one.root, file));
    for (const file of ['etc/manara/secret.key', 'etc/nginx/manara/tls/ticket.key', 'etc/nginx/manara/tls/fallback.key']) {
      assert.ok(!read(panel, file).equals(read(other, file)), file);
      assert.equal(fs.statSync(path.join(panel.root, file)).mode & 0o007, 0, `${file} is readable by others`);
    }
    assert.equal((await other.api('GET', '/sites', { token: panel.admin })).status, 401);
  });
  await person?.leave();
  await other?.stop();
}
