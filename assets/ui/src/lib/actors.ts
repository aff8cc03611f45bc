// Who did something, in words. The API names accounts by their names and everybody else by a fixed word.
import { t } from './locale.svelte';

const TOKEN = 'token:';

/** `kind` is the API's `actor_kind`, where it tells one. */
export function actorName(actor: string, kind = ''): string {
  if (kind === 'nobody') return t('actor.nobody');
  if (kind === 'system') return t('actor.system');
  if (actor === 'root@console') return t('actor.console');
  if (actor.startsWith(TOKEN)) return t('actor.token', { name: actor.slice(TOKEN.length) });
  return actor;
}
