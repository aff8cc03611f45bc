// Somebody at a browser.
import path from 'node:path';
import { axe, launch, prefer, settle, sideways, VIEWPORTS } from '../../../assets/ui/test/browser.mjs';
import { PASSWORD } from './panel.mjs';
import { broken } from '../../../assets/ui/test/layout.mjs';
import { assert, until } from './runner.mjs';
import { KEYS, text } from './texts.mjs';

// Nobody waits for it where all is well; a busy machine needs it.
const PATIENCE_MS = 60_000;

export class Person {
  static async arrive(runner, panel, options = {}) {
    const person = new Person();
    const browser = await launch({ locale: 'en-GB', colorScheme: 'light', ...options });
    Object.assign(person, { runner, panel, browser, context: browser.context, problems: browser.problems, lang: 'en' });
    person.page = browser.context.pages()[0] ?? (await browser.context.newPage());
    person.page.setDefaultTimeout(PATIENCE_MS);
    runner.people.add(person);
    return person;
  }

  async leave() {
    this.runner.people.delete(this);
    await this.browser.close();
  }

  /** The text `ui.KEY` in the language of the moment. */
  t(key, params) {
    return text(this.lang, `ui.${key}`, params);
  }

  async go(where) {
    await this.page.goto(this.panel.origin + where);
    await this.page.locator('h1').first().waitFor();
  }

  button(key, params) {
    return this.page.getByRole('button', { name: this.t(key, params), exact: true });
  }

  link(key, params) {
    return this.page.getByRole('link', { name: this.t(key, params), exact: true });
  }

  heading(key, params) {
    return this.page.getByRole('heading', { name: this.t(key, params), exact: true }).first();
  }

  async signIn(user = 'admin', password = PASSWORD) {
    if (!this.page.url().startsWith(this.panel.origin)) await this.go('/sign-in');
    await this.page.locator('input[name=user]').fill(user);
    await this.page.locator('input[name=password]').fill(password);
    await this.button('sign_in.submit').click();
  }

  async signedIn() {
    await this.page.locator('nav.sidebar').waitFor({ state: 'attached' });
  }

  /** What the API answers this browser, as a status; the page's own CSRF token goes with it. */
  asks(method, where, body, headers = {}) {
    return this.page.evaluate(
      async ([method, where, body, headers]) => {
        const session = await (await fetch('/api/v1/session')).json();
        const answer = await fetch(`/api/v1${where}`, {
          method,
          headers: { 'X-Manara-CSRF': session.csrf ?? '', ...(body && { 'Content-Type': 'application/json' }), ...headers },
          body: body && JSON.stringify(body),
        });
        return answer.status;
      },
      [method, where, body, headers],
    );
  }

  /** Chooses language and theme for what is opened from now on. */
  async prefers(lang, theme) {
    await prefer(this.page, lang, theme);
    this.lang = lang;
  }

  /** Does something in another language or theme, and goes back to English and light afterwards, also after a failure. */
  async speaking(lang, theme, body) {
    await this.prefers(lang, theme);
    try {
      await body();
    } finally {
      await this.prefers('en', 'light');
    }
  }

  /** Waits until data and fonts are there. */
  async settled() {
    await until('the page to be loaded', () => this.page.evaluate(() => !document.querySelector('.loading')));
    await settle(this.page);
  }

  /** Takes a picture, and has axe and rulers look at the page. */
  async inspect(name, { wide = true, phone = true } = {}) {
    const found = [];
    const views = [...(wide ? ['desktop'] : []), ...(phone ? ['phone'] : [])];
    for (const view of views) {
      await this.page.setViewportSize(VIEWPORTS[view]);
      await this.settled();
      await this.page.screenshot({ path: path.join(this.runner.target, 'screens', `${name}-${view}.png`), animations: 'disabled' });
      const lines = [...(await axe(this.page)), ...(await sideways(this.page)), ...(await broken(this.page, KEYS))];
      found.push(...lines.map((line) => `${view}: ${line}`));
    }
    await this.page.setViewportSize(VIEWPORTS.desktop);
    assert.deepEqual(found, [], `${name}: accessibility or layout`);
  }
}
