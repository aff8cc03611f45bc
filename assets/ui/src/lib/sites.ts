// Changes of sites that more than one page offers.
import { runNow } from './changes.svelte';
import { client, ifMatch, send } from './client';
import { t } from './locale.svelte';
import type { Site } from './types';

/** Whether somebody changed the site's file outside the panel, where the answer tells. */
export function isDrifted(site: Site): boolean {
  return 'drifted' in site && site.drifted === true;
}

function turn(site: Site, verb: 'enable' | 'disable', headers?: { 'If-Match': string }): Promise<unknown> {
  const params = { path: { domain: site.domain } };
  if (verb === 'enable') return send(client.POST('/api/v1/sites/{domain}/enable', { params, headers }));
  return send(client.POST('/api/v1/sites/{domain}/disable', { params, headers }));
}

/** Enables or disables a site at once, with a way back. Answers whether it went well. */
export function switchSite(site: Site): Promise<boolean> {
  const [verb, back] = site.enabled ? (['disable', 'enable'] as const) : (['enable', 'disable'] as const);
  return runNow(
    () => turn(site, verb, ifMatch(site.revision)),
    t(`site.${verb}d`, { name: site.name }),
    // The revision has moved: the way back goes by name alone.
    () => turn(site, back),
    t(`site.${back}d`, { name: site.name }),
  );
}
