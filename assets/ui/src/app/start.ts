// What the panel is when the page opens: unclaimed, signed out, or signed in.
import { call, client } from '../lib/client';
import { ApiError } from '../lib/problem';
import { session } from '../lib/session.svelte';

/** Finds out who is here; throws when the server cannot be reached. */
export async function start(): Promise<void> {
  try {
    session.begin(await call(client.GET('/api/v1/session')));
    return;
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.status !== 401) throw cause;
  }
  const { claimed } = await call(client.GET('/api/v1/claim'));
  if (claimed) session.signedOut();
  else session.unclaimed();
}
