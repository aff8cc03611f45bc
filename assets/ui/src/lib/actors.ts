// Who asked for a job, in words. The API names accounts by their names and everybody else by a fixed word.
import { t } from './locale.svelte';

const TOKEN = 'token:';

/** The actor of a job for people. */
export function actorName(actor: string): string {
  if (actor === 'root@console') return t('actor.console');
  if (actor.startsWith(TOKEN)) return t('actor.token', { name: actor.slice(TOKEN.length) });
  return actor;
}
