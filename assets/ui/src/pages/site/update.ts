// Dry runs of changes to one site.
import { client, ifMatch, planOf } from '../../lib/client';
import type { Plan, Site, UpdateSite } from '../../lib/types';

/** The plan for changing a site. */
export function planUpdate(site: Site, body: UpdateSite): Promise<Plan> {
  const params = { path: { domain: site.domain }, query: { dry_run: true } };
  return planOf(client.PATCH('/api/v1/sites/{domain}', { params, body, headers: ifMatch(site.revision) }));
}

/** The plan for writing the site's files again. */
export function planReapply(site: Site): Promise<Plan> {
  const params = { path: { domain: site.domain }, query: { dry_run: true } };
  return planOf(client.POST('/api/v1/sites/{domain}/reapply', { params, headers: ifMatch(site.revision) }));
}
