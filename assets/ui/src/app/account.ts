// The menu of the account.
import { call, client } from '../lib/client';
import { go } from '../lib/location.svelte';
import { t } from '../lib/locale.svelte';
import { overlays, type MenuItem } from '../lib/overlays.svelte';
import { may, session } from '../lib/session.svelte';
import { forget } from '../lib/storage';

/** Ends the session and leads to the sign-in page. */
export async function signOut(): Promise<void> {
  await call(client.DELETE('/api/v1/session')).catch(() => undefined);
  forget();
  session.signedOut();
  go('/sign-in', { replace: true });
}

/** What the menu offers. */
export function accountItems(): MenuItem[] {
  return [
    { label: t('nav.account'), run: () => go('/account') },
    ...(may('system-change') ? [{ label: t('nav.welcome'), run: () => go('/welcome') }] : []),
    { label: t('keys.title'), run: () => (overlays.keys = true) },
    { label: t('nav.about'), run: () => go('/about') },
    { label: t('session.sign_out'), run: () => void signOut() },
  ];
}
