// The panel's own certificate, set in the browser over TLS, and kept by the browser that was shown it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { FLAGS } from '../../../assets/ui/test/browser.mjs';
import { Person } from '../lib/person.mjs';
import { assert, until } from '../lib/runner.mjs';

/** SHA-256 of the certificate that a new connection is shown. */
function shown(port) {
  return new Promise((done, failed) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      done(socket.getPeerCertificate().fingerprint256);
      socket.end();
    });
    socket.on('error', failed);
  });
}

/**
 * Chromium now and then gives up a request that it begins while the certificate changes under it (ERR_FAILED). The page
 * asks once more; the console keeps the line.
 */
function forgive(person) {
  const others = person.problems.filter((problem) => !problem.includes('net::ERR_FAILED'));
  person.problems.splice(0, person.problems.length, ...others);
}

function pair(name) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mc-'));
  const [certificate, key] = ['own.pem', 'own.key'].map((file) => path.join(folder, file));
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '90', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  execFileSync('openssl', ['req', ...made, '-out', certificate, '-keyout', key], { stdio: 'ignore' });
  const read = (file) => fs.readFileSync(file, 'utf8');
  return { folder, certificate, pem: read(certificate), key: read(key), fingerprint: execFileSync('openssl', ['x509', '-in', certificate, '-noout', '-fingerprint', '-sha256'], { encoding: 'utf8' }).trim().split('=')[1] };
}

export async function certificate(world) {
  const { runner, panel, admin } = world;
  const own = pair('panel.test');
  world.secrets.push(own.key.split('\n')[1]);
  const run = async (...args) => {
    const done = await panel.cli(args);
    assert.equal(done.code, 0, done.stderr);
  };
  await admin.page.goto('about:blank');
  await run('setting', 'update', '--panel.tls');
  await run('setting', 'confirm', '--here');
  const self = await shown(panel.port);
  panel.tls = true;
  const person = await Person.arrive(runner, panel, { args: [...FLAGS, '--ignore-certificate-errors'] });
  const { page } = person;
  const open = () => page.getByText(person.t('certificate.replace'), { exact: true }).click();
  const fill = async (field, text) => page.getByLabel(person.t(`certificate.${field}`), { exact: true }).fill(text);

  await runner.check('a pair that does not belong together is refused at its field', async () => {
    await person.signIn();
    await person.signedIn();
    await person.go('/settings');
    await page.getByText(self, { exact: true }).waitFor();
    await open();
    await fill('certificate', own.pem);
    await fill('key', 'no key');
    await person.button('certificate.set').click();
    await page.locator('textarea[aria-invalid=true]').waitFor();
    await person.inspect('certificate-problem-en-light');
    await person.speaking('ar', 'dark', async () => {
      await person.go('/settings');
      await open();
      await person.inspect('certificate-ar-dark');
    });
    assert.equal(await shown(panel.port), self);
  });

  await runner.check('a certificate from a file is shown at once, and taken back', async () => {
    await person.go('/settings');
    await open();
    await page.locator('input[type=file]').first().setInputFiles(own.certificate);
    await fill('key', own.key);
    await person.button('certificate.set').click();
    await page.getByRole('timer').waitFor();
    assert.equal(await shown(panel.port), own.fingerprint);
    await page.getByText(own.fingerprint, { exact: true }).waitFor();
    await until('the notice to have the focus', () => page.evaluate(() => document.activeElement?.matches('[role=alert]')));
    await person.button('guard.take_back').click();
    await page.getByRole('timer').waitFor({ state: 'detached' });
    await until('the former certificate to be shown', async () => (await shown(panel.port)) === self);
    forgive(person);
  });

  await runner.check('what is being pasted survives a change that somebody else has to confirm', async () => {
    const stream = page.waitForResponse((answer) => answer.url().includes('/api/v1/events'));
    await person.go('/settings');
    await stream;
    await open();
    await fill('certificate', own.pem);
    await run('setting', 'update', '--panel.host-names=pasted.test');
    await page.getByRole('timer').waitFor();
    const field = page.getByLabel(person.t('certificate.certificate'), { exact: true });
    assert.equal(await field.inputValue(), own.pem);
    assert.equal(await field.evaluate((one) => one === document.activeElement), true);
    assert.equal(await person.button('certificate.set').isDisabled(), true);
    await person.button('guard.take_back').click();
    await page.getByRole('timer').waitFor({ state: 'detached' });
    assert.equal(await person.button('certificate.set').isDisabled(), false);
    assert.equal(await field.inputValue(), own.pem);
    forgive(person);
  });

  await runner.check('it is kept by the browser that was shown it', async () => {
    await person.go('/settings');
    await open();
    await fill('certificate', own.pem);
    await fill('key', own.key);
    await person.button('certificate.set').click();
    await person.button('guard.keep').click();
    await page.getByRole('timer').waitFor({ state: 'detached' });
    assert.equal(await shown(panel.port), own.fingerprint);
    await person.go('/welcome?step=certificate');
    await page.getByText(own.fingerprint, { exact: true }).waitFor();
    forgive(person);
  });

  await person.leave();
  await run('setting', 'update', '--panel.tls=false');
  await run('setting', 'confirm', '--here');
  panel.tls = false;
  // Without TLS nobody can be shut out: a new pair is in its place at once, and the key above on no disk any more.
  await run('panel-certificate', 'remake');
  fs.rmSync(own.folder, { recursive: true });
}
