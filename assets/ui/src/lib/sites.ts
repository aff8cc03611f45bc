// Changes of sites that more than one page offers.
import { runNow } from './changes.svelte';
import { call, client, ifMatch } from './client';
import { t } from './locale.svelte';
import type { Site } from './types';

function send(site: Site, verb: 'enable' | 'disable', headers?: { 'If-Match': string }): Promise<unknown> {
  const params = { path: { domain: site.domain } };
  if (verb === 'enable') return call(client.POST('/sites/{domain}/enable', { params, headers }));
  return call(client.POST('/sites/{domain}/disable', { params, headers }));
}

/** Enables or disables a site at once, with a way back. Answers whether it went well. */
export function switchSite(site: Site): Promise<boolean> {
  const [verb, back] = site.enabled ? (['disable', 'enable'] as const) : (['enable', 'disable'] as const);
  return runNow(
    () => send(site, verb, ifMatch(site.revision)),
    t(`site.${verb}d`, { name: site.name }),
    // The revision has moved: the way back goes by name alone.
    () => send(site, back),
    t(`site.${back}d`, { name: site.name }),
  );
}
