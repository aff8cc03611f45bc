// The panel in a real browser: scenes in their order, each made of named checks. Screenshots and what failed are in
// target/e2e; its index.html shows all pictures.
//
//   node tests/e2e/main.mjs            the checks
//   node tests/e2e/main.mjs sites pages   only these scenes, after claiming; `pages` needs what `sites` makes
//   node tests/e2e/main.mjs --readme   only the two pictures of the README, into docs/images
import { fileURLToPath } from 'node:url';
import { Panel } from './lib/panel.mjs';
import { Person } from './lib/person.mjs';
import { Runner } from './lib/runner.mjs';
import { adopt } from './scenes/adopt.mjs';
import { broken } from './scenes/broken.mjs';
import { certificate } from './scenes/certificate.mjs';
import { changes } from './scenes/changes.mjs';
import { claim, signIn } from './scenes/door.mjs';
import { feel } from './scenes/feel.mjs';
import { first } from './scenes/first.mjs';
import { hostile } from './scenes/hostile.mjs';
import { install } from './scenes/install.mjs';
import { keyboard } from './scenes/keyboard.mjs';
import { lists } from './scenes/lists.mjs';
import { logs } from './scenes/logs.mjs';
import { machine } from './scenes/machine.mjs';
import { pages } from './scenes/pages.mjs';
import { people } from './scenes/people.mjs';
import { readme } from './scenes/readme.mjs';
import { secrets } from './scenes/secrets.mjs';
import { settings } from './scenes/settings.mjs';
import { sites } from './scenes/sites.mjs';
import { trail } from './scenes/trail.mjs';
import { trouble } from './scenes/trouble.mjs';
import { ways } from './scenes/ways.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const runner = new Runner(`${root}target/e2e`);
const SCENES = [signIn, first, sites, trouble, people, keyboard, lists, hostile, pages, feel, changes, machine, logs, ways, install, adopt, settings, certificate, trail, broken, secrets];
const wanted = process.argv.slice(2).filter((name) => !name.startsWith('--'));
const unknown = wanted.filter((name) => !SCENES.some((scene) => scene.name === name));

async function everything() {
  const panel = await Panel.start();
  const world = { runner, panel, secrets: [] };
  world.admin = await Person.arrive(runner, panel);
  await claim(world);
  panel.admin = await panel.token('e2e', 'admin');
  world.secrets.push(panel.admin);
  for (const scene of SCENES) if (wanted.length === 0 || wanted.includes(scene.name)) await scene(world);
  world.upstream?.close();
}

try {
  if (unknown.length > 0) throw new Error(`no such scene: ${unknown.join(', ')}`);
  if (process.argv.includes('--readme')) await readme(runner, `${root}docs/images`);
  else await everything();
} catch (cause) {
  // A scene that cannot go on (its panel is not there, say) is a failure; the rest is not tried.
  runner.failed += 1;
  console.log(`FAILED  a scene broke off\n        ${cause.stack}`);
}
for (const person of [...runner.people]) await person.leave();
await Panel.stopAll();
runner.gallery();
console.log(`${runner.passed} passed, ${runner.failed} failed`);
process.exit(runner.failed === 0 ? 0 : 1);
