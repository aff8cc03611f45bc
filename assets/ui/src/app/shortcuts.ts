// The shortcuts there are, as far as the user may use them.
import { chooseLang, otherLang } from '../lib/locale.svelte';
import { go } from '../lib/location.svelte';
import { overlays } from '../lib/overlays.svelte';
import { may } from '../lib/session.svelte';
import { toggleTheme } from '../lib/theme.svelte';
import { undoToast } from '../lib/toast.svelte';
import type { Shortcut } from './keys';
import { navigation } from './navigation';

/** Into the page's own search field; where it has none, the palette opens. */
function search(): void {
  const field = document.querySelector<HTMLInputElement>('#main input[type="search"]');
  if (field) field.focus();
  else overlays.palette = true;
}

/** Those that are offered now. */
export function shortcuts(): Shortcut[] {
  const pages = navigation
    .flatMap((group) => group.items)
    .filter((item) => item.key && (!item.needs || may(item.needs)))
    .map((item) => ({ keys: `g ${item.key}`, title: item.title, run: () => go(item.href) }));
  const create: Shortcut[] = may('sites-change') ? [{ keys: 'c', title: 'sites.create', run: () => go('/sites/new') }] : [];
  return [
    ...pages,
    ...create,
    { keys: '/', title: 'keys.search', run: search },
    { keys: 'u', title: 'keys.undo', run: () => void undoToast() },
    { keys: 't', title: 'commands.theme', run: toggleTheme },
    { keys: 'l', title: 'commands.language', run: () => void chooseLang(otherLang()) },
    { keys: '?', title: 'keys.title', run: () => (overlays.keys = true) },
  ];
}
