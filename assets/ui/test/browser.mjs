// Helpers for tests in a real browser: Debian's Chromium, everything that goes wrong on a page collected, axe under the
// strict content security policy.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const AXE_SOURCE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Desktop and phone, as the design names them, and the narrowest width that must work. */
export const VIEWPORTS = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 844 }, narrow: { width: 360, height: 740 } };

/**
 * Starts a browser with an empty profile. `problems` collects policy violations, page errors and console errors of
 * every page, as text; `close` ends the browser and removes the profile.
 */
export async function launch(options = {}) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'manara-ui-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    viewport: VIEWPORTS.desktop,
    ...options,
  });
  const problems = [];
  await context.exposeFunction('manaraReport', (text) => problems.push(text));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      window.manaraReport(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample} ${event.sourceFile}:${event.lineNumber}`),
    );
  });
  const watch = (page) => {
    page.on('pageerror', (error) => problems.push(`page error: ${error.stack ?? error}`));
    page.on('console', (message) => {
      // An answer with an error status is logged by the browser itself and is often what a test wants.
      if (message.type() === 'error' && !message.text().includes('status of')) problems.push(`console: ${message.text()} ${message.location().url}`);
    });
  };
  context.on('page', watch);
  context.pages().forEach(watch);
  const close = async () => {
    await context.close();
    fs.rmSync(profile, { recursive: true, force: true });
  };
  return { context, problems, close };
}

/** Sets language and theme for all later pages of this origin. */
export async function prefer(page, lang, theme) {
  await page.evaluate(([chosenLang, chosenTheme]) => {
    localStorage.setItem('manara.lang', chosenLang);
    localStorage.setItem('manara.theme', chosenTheme);
  }, [lang, theme]);
}

/** Violations that axe finds, one line each. Injected over the debugging protocol: the policy forbids script tags. */
export async function axe(page) {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Runtime.evaluate', { expression: AXE_SOURCE });
  await protocol.detach();
  const result = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), AXE_TAGS);
  return result.violations.map(
    (violation) => `axe: ${violation.id} ×${violation.nodes.length}: ${violation.nodes[0].html.slice(0, 160)} — ${violation.nodes[0].failureSummary?.split('\n')[1]?.trim()}`,
  );
}

/** The page must not scroll sideways, and nothing may have been pushed out of the visible part. */
export async function sideways(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const wide = [...document.body.querySelectorAll('*')].find((element) => {
      if (element.closest('.sidebar, aside')) return false;
      const box = element.getBoundingClientRect();
      return box.right > root.clientWidth + 1 || box.left < -1;
    });
    return [`sideways: ${root.scrollWidth} > ${root.clientWidth}, such as ${wide?.outerHTML.slice(0, 200)}`];
  });
}

/** Waits until fonts are there and the page is drawn. */
export async function settle(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
}
