// What another change did to a site, field by field, as the forms show it.
import type { PlainKey } from '../../lib/locale.svelte';
import type { Site } from '../../lib/types';

export interface SiteDifference {
  field: string;
  name: PlainKey;
  before: string;
  after: string;
}

type Read = (site: Site) => string;

const FIELDS: Record<string, { name: PlainKey; read: Read }> = {
  domain: { name: 'site.domain', read: (site) => site.name },
  aliases: { name: 'site.aliases', read: (site) => site.aliases.map((alias) => alias.name).join(', ') },
  enabled: { name: 'sites.state', read: (site) => site.state },
  upstream: { name: 'proxy.upstream', read: (site) => site.upstream ?? '' },
  timeout_s: { name: 'proxy.timeout', read: (site) => String(site.timeout_s ?? '') },
  headers: { name: 'proxy.headers', read: (site) => site.headers.map((header) => `${header.name}: ${header.value}`).join(', ') },
  max_body_mb: { name: 'site.max_body', read: (site) => String(site.max_body_mb ?? '') },
};

/** The fields in which `now` differs from what was `seen`. */
export function siteDifferences(seen: Site, now: Site): SiteDifference[] {
  return Object.entries(FIELDS)
    .map(([field, { name, read }]) => ({ field, name, before: read(seen), after: read(now) }))
    .filter(({ before, after }) => before !== after);
}
