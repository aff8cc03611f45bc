// What the palette offers besides objects: pages, and things to do, each with words in both languages.
import { runNow } from '../lib/changes';
import { client, send } from '../lib/client';
import { go } from '../lib/location.svelte';
import { chooseLang, otherLang, t, type PlainKey } from '../lib/locale.svelte';
import { overlays } from '../lib/overlays.svelte';
import { may } from '../lib/session.svelte';
import { switchSite } from '../lib/sites';
import { followSystem, toggleTheme } from '../lib/theme.svelte';
import type { Permission, Site } from '../lib/types';
import { signOut } from './account';
import { navigation } from './navigation';

export interface Command {
  id: string;
  title: PlainKey;
  /** Further words that find it. */
  words?: PlainKey;
  /** A technical note: the address of a page. */
  note?: string;
  needs?: Permission;
  run: () => void;
}

function installNginx(): void {
  void runNow(() => send(client.POST('/api/v1/components/{name}/install', { params: { path: { name: 'nginx' } } })), t('commands.installed'));
}

const page = (href: string, title: PlainKey, words?: PlainKey): Command => ({ id: href, title, words, note: href, run: () => go(href) });

export const commands: readonly Command[] = [
  ...navigation.flatMap((group) => group.items).map((item) => ({ ...page(item.href, item.title), needs: item.needs })),
  page('/account', 'nav.account', 'commands.words_account'),
  page('/about', 'nav.about', 'commands.words_about'),
  { ...page('/welcome', 'nav.welcome', 'commands.words_welcome'), needs: 'system-change' },
  { id: 'new-site', title: 'sites.create', words: 'commands.words_new_site', needs: 'sites-change', run: () => go('/sites/new') },
  { id: 'install-nginx', title: 'commands.install_nginx', words: 'commands.words_install', needs: 'system-change', run: installNginx },
  { id: 'theme', title: 'commands.theme', words: 'commands.words_theme', run: toggleTheme },
  { id: 'theme-system', title: 'commands.theme_system', words: 'commands.words_theme', run: followSystem },
  { id: 'language', title: 'commands.language', words: 'commands.words_language', run: () => void chooseLang(otherLang()) },
  { id: 'keys', title: 'keys.title', words: 'commands.words_keys', run: () => (overlays.keys = true) },
  { id: 'print', title: 'commands.print', words: 'commands.words_print', run: () => setTimeout(print) },
  { id: 'sign-out', title: 'session.sign_out', words: 'commands.words_sign_out', run: () => void signOut() },
];

export type SiteVerb = 'open' | 'switch' | 'nginx' | 'settings' | 'visit';

/** What can be done with a site, with the texts that ask for it. */
export const SITE_VERBS: Record<SiteVerb, PlainKey> = {
  open: 'commands.verb_open',
  switch: 'commands.verb_switch',
  nginx: 'commands.verb_nginx',
  settings: 'commands.verb_settings',
  visit: 'commands.verb_visit',
};

export function actOnSite(verb: SiteVerb, site: Site): void {
  const home = `/sites/${site.domain}`;
  if (verb === 'switch') void switchSite(site);
  else if (verb === 'visit') window.open(site.url, '_blank', 'noopener,noreferrer');
  else go(verb === 'open' ? home : `${home}/${verb}`);
}

/** What an action on a site is called; null where the user may not do it, or it makes no sense now. */
export function siteAction(verb: SiteVerb, site: Site): string | null {
  if (verb === 'switch' && !may('sites-change')) return null;
  if (verb === 'visit' && !site.enabled) return null;
  return verb === 'switch' ? t(site.enabled ? 'site.disable' : 'site.enable') : t(`commands.site_${verb}`);
}
