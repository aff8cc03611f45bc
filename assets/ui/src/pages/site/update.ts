// Dry runs of changes to one site.
import type { paths } from '../../lib/api';
import { call, client, ifMatch, isPlan } from '../../lib/client';
import { t } from '../../lib/locale.svelte';
import { ApiError, makeProblem } from '../../lib/problem';
import type { Plan, Site } from '../../lib/types';

export type SiteUpdate = paths['/sites/{domain}']['patch']['requestBody']['content']['application/json'];

function asPlan(answer: unknown): Plan {
  if (isPlan(answer)) return answer;
  throw new ApiError(makeProblem('unexpected', 0, t('error.unexpected_title'), t('error.page_detail')));
}

/** The plan for changing a site. */
export async function planUpdate(site: Site, body: SiteUpdate): Promise<Plan> {
  const params = { path: { domain: site.domain }, query: { dry_run: true } };
  return asPlan(await call(client.PATCH('/sites/{domain}', { params, body, headers: ifMatch(site.revision) })));
}

/** The plan for writing the site's files again. */
export async function planReapply(site: Site): Promise<Plan> {
  const params = { path: { domain: site.domain }, query: { dry_run: true } };
  return asPlan(await call(client.POST('/sites/{domain}/reapply', { params, headers: ifMatch(site.revision) })));
}
