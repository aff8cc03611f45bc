// Changes of sites that more than one page offers.
import { isSite, runNow } from './changes';
import { client, ifMatch, send } from './client';
import { t } from './locale.svelte';
import type { Site } from './types';

function turn(site: Site, verb: 'enable' | 'disable', headers?: { 'If-Match': string }): Promise<unknown> {
  const params = { path: { domain: site.domain } };
  if (verb === 'enable') return send(client.POST('/api/v1/sites/{domain}/enable', { params, headers }));
  return send(client.POST('/api/v1/sites/{domain}/disable', { params, headers }));
}

/** Takes back the change that led to this revision of the site. */
export function undoChange(site: Pick<Site, 'domain' | 'revision'>): Promise<unknown> {
  const params = { path: { domain: site.domain } };
  return send(client.POST('/api/v1/sites/{domain}/undo', { params, body: { revision: site.revision } }));
}

/** Enables or disables a site at once, with a way back. Answers whether it went well. */
export function switchSite(site: Site): Promise<boolean> {
  const [verb, back] = site.enabled ? (['disable', 'enable'] as const) : (['enable', 'disable'] as const);
  return runNow(
    () => turn(site, verb, ifMatch(site.revision)),
    t(`site.${verb}d`, { name: site.name }),
    // Where the answer does not tell the change (it became a job), the way back is the opposite.
    (answer) => (isSite(answer) ? undoChange(answer) : turn(site, back)),
    t(`site.${back}d`, { name: site.name }),
  );
}
