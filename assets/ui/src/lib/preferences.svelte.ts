// What the account prefers to see: applied when somebody signs in, and changed from here.
import { call, client } from './client';
import { chooseLang, setLang, showDisplay } from './locale.svelte';
import { session } from './session.svelte';
import { recall } from './storage';
import type { Preferences, PreferencesPatch } from './types';

/** Shows the pages as `preferences` say. The language that was chosen in this browser counts more than the account's. */
export async function applyPreferences(preferences: Preferences): Promise<void> {
  const { digits, calendar, time_zone, language } = preferences;
  showDisplay({ digits, calendar, timeZone: time_zone ?? null });
  if (language && !recall('manara.lang')) await setLang(language);
}

/** Changes preferences on the server and shows what they are then. */
export async function changePreferences(patch: PreferencesPatch): Promise<void> {
  const preferences = await call(client.PATCH('/api/v1/session/preferences', { body: patch }));
  session.prefer(preferences);
  if (patch.language) await chooseLang(patch.language);
  await applyPreferences(preferences);
}
