// How long a page takes until it is ready with a processor four times slower, nothing in the browser's cache: one line
// of JSON with the median in milliseconds by page, of RUNS (5) times each. Ready is the later of two moments: the page shows its data, and its
// last long task (over 50 ms) has ended.
import { Panel, PASSWORD } from '../e2e/lib/panel.mjs';
import { Person } from '../e2e/lib/person.mjs';

const SLOWER = 4;
const RUNS = Number(process.env.RUNS ?? 5);
const QUIET_MS = 700;
const SITES = 50;

/** The time from the start of the navigation, in milliseconds. */
async function ready(page, url, shown) {
  await page.goto(url, { waitUntil: 'commit' });
  const mark = await page.evaluate(async (selector) => {
    while (!document.querySelector(selector) || document.querySelector('.loading')) await new Promise(requestAnimationFrame);
    return performance.now();
  }, shown);
  await page.waitForTimeout(QUIET_MS);
  const tasks = await page.evaluate(() => window.longTasksEnd ?? 0);
  return Math.max(mark, tasks);
}

async function measure(person, where, shown) {
  const { page, panel } = person;
  const times = [];
  // One run more: the first one finds the server's own caches empty.
  for (let run = 0; run <= RUNS; run += 1) {
    await page.goto('about:blank');
    times.push(await ready(page, panel.origin + where, shown));
  }
  return times.slice(1).sort((a, b) => a - b)[Math.floor(RUNS / 2)];
}

const panel = await Panel.start();
let person;
try {
  await panel.cli(['claim', '--user', 'admin', '--password-stdin'], PASSWORD);
  panel.admin = await panel.token('bench', 'admin');
  for (let i = 0; i < SITES; i += 1) await panel.site({ domain: `site-${i}.test`, kind: 'static' });
  person = await Person.arrive({ people: new Set() }, panel);
  const { page } = person;
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) window.longTasksEnd = task.startTime + task.duration;
    }).observe({ type: 'longtask', buffered: true });
  });
  const devtools = await person.context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  const times = { 'sign-in': await measure(person, '/sign-in', 'input[name=password]') };
  await person.signIn();
  await person.signedIn();
  times.dashboard = await measure(person, '/', 'main h1');
  times.sites = await measure(person, '/sites', 'main tbody a');
  times.site = await measure(person, '/sites/site-0.test', 'main dl');
  times['site, nginx'] = await measure(person, '/sites/site-0.test/nginx', 'main .lines');
  times.audit = await measure(person, '/audit', 'main time');
  times.machine = await measure(person, '/machine', 'main .charts path.line');
  times.jobs = await measure(person, '/jobs', 'main li a');
  times.logs = await measure(person, '/logs', 'main [role=option]');
  times.settings = await measure(person, '/settings', 'main li .key');
  times.users = await measure(person, '/users', 'main td');
  times.doctor = await measure(person, '/doctor', 'main li');
  times['create wizard'] = await measure(person, '/sites/new', 'main form');
  times.account = await measure(person, '/account', 'main form');
  times.about = await measure(person, '/about', 'main dl');
  times['API reference'] = await measure(person, '/api-reference', 'main details');
  console.log(JSON.stringify(times));
} finally {
  await person?.leave();
  await panel.stop();
}
