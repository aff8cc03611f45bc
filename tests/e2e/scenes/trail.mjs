// The audit trail of a panel whose database somebody changes behind its back.
import { execFileSync } from 'node:child_process';
import { Panel, PASSWORD } from '../lib/panel.mjs';
import { Person } from '../lib/person.mjs';
import { assert } from '../lib/runner.mjs';
import { VARIANTS } from '../lib/variants.mjs';

/** A statement on the database beside the running panel. */
const SCRIPT = 'import sqlite3,sys\ndb=sqlite3.connect(sys.argv[1])\ndb.execute(sys.argv[2])\ndb.commit()';

export async function trail({ runner }) {
  const panel = await Panel.start();
  await panel.cli(['claim', '--user', 'admin', '--password-stdin'], PASSWORD);
  for (const name of ['one', 'two', 'three', 'four']) await panel.token(name, 'viewer');
  const person = await Person.arrive(runner, panel);
  const tamper = (statement) => execFileSync('python3', ['-c', SCRIPT, `${panel.root}/var/lib/manara/manara.db`, statement]);
  const verify = async () => {
    await person.go('/audit');
    await person.button('audit.verify').click();
  };
  const told = (key, params) => person.page.locator('.notice').getByText(person.t(key, params), { exact: true });

  await runner.check('a whole trail is said to be whole', async () => {
    await person.signIn();
    await person.signedIn();
    await verify();
    await person.page.locator('.notice.ok').waitFor();
  });

  await runner.check('an entry that was changed beside the running panel is named', async () => {
    tamper("UPDATE audit SET actor = 'eve' WHERE seq = 3");
    for (const [lang, theme] of VARIANTS) {
      await person.speaking(lang, theme, async () => {
        await verify();
        await told('audit.broken').waitFor();
        await told('audit.broken_at', { number: lang === 'ar' ? 3 : '3' }).waitFor();
        await person.inspect(`audit-tampered-${lang}-${theme}`);
      });
    }
  });

  await runner.check('so is a trail whose end was cut off', async () => {
    tamper("UPDATE audit SET actor = 'console' WHERE seq = 3");
    tamper('DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)');
    await verify();
    await told('audit.broken').waitFor();
    assert.equal(await person.page.locator('.notice.ok').count(), 0);
  });

  await person.leave();
  await panel.stop();
}
