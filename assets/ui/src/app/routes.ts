// Addresses of the panel and their pages; each page is a chunk of its own.
import type { Component } from 'svelte';
import { type PlainKey, withTexts } from '../lib/locale.svelte';
import type { PathParams } from '../lib/router';
import type { Permission } from '../lib/types';

/** Gets `params`, the parts of the address that the pattern names. */
export type Page = Component<{ params: PathParams }>;

export interface Route {
  pattern: string;
  title: PlainKey;
  /** The page above this one, for the path in the top bar. */
  parent?: { href: string; title: PlainKey };
  /** Routes with the same key are one page: moving between them keeps it, with its focus. */
  key: string;
  /** What the page is useless without. */
  needs?: Permission;
  /** Pages without parts in their address declare no properties, so all that these have in common is being a component. */
  load: () => Promise<{ default: Component<never> }>;
}

const SITES = { href: '/sites', title: 'nav.sites' } as const;
const site = (pattern: string): Route => ({
  pattern,
  title: 'site.title',
  parent: SITES,
  key: 'site',
  load: () => withTexts(import('../pages/Site.svelte')),
});

export const routes: readonly Route[] = [
  { pattern: '/', title: 'nav.dashboard', key: 'dashboard', load: () => withTexts(import('../pages/Dashboard.svelte')) },
  { pattern: '/machine', title: 'nav.machine', key: 'machine', needs: 'system-read', load: () => withTexts(import('../pages/Machine.svelte')) },
  { pattern: '/sites', title: 'nav.sites', key: 'sites', load: () => import('../pages/Sites.svelte') },
  { pattern: '/sites/new', title: 'nav.new_site', parent: SITES, key: 'new-site', needs: 'sites-change', load: () => withTexts(import('../pages/NewSite.svelte'), 'more', 'rare') },
  site('/sites/:domain'),
  site('/sites/:domain/domains'),
  site('/sites/:domain/settings'),
  site('/sites/:domain/nginx'),
  site('/sites/:domain/history'),
  { pattern: '/jobs', title: 'nav.jobs', key: 'jobs', needs: 'jobs-read', load: () => withTexts(import('../pages/Jobs.svelte')) },
  { pattern: '/jobs/:id', title: 'jobs.one', parent: { href: '/jobs', title: 'nav.jobs' }, key: 'job', needs: 'jobs-read', load: () => withTexts(import('../pages/Job.svelte')) },
  { pattern: '/logs', title: 'nav.logs', key: 'logs', needs: 'logs-read', load: () => withTexts(import('../pages/Logs.svelte'), 'more', 'rare') },
  { pattern: '/components', title: 'nav.components', key: 'components', load: () => withTexts(import('../pages/Components.svelte')) },
  { pattern: '/doctor', title: 'nav.doctor', key: 'doctor', needs: 'system-read', load: () => withTexts(import('../pages/Doctor.svelte')) },
  { pattern: '/audit', title: 'nav.audit', key: 'audit', needs: 'audit-read', load: () => withTexts(import('../pages/Audit.svelte')) },
  { pattern: '/users', title: 'nav.users', key: 'users', needs: 'accounts-manage', load: () => withTexts(import('../pages/Users.svelte'), 'more', 'door') },
  { pattern: '/settings', title: 'nav.settings', key: 'settings', needs: 'system-read', load: () => withTexts(import('../pages/Settings.svelte'), 'more', 'rare') },
  { pattern: '/account', title: 'nav.account', key: 'account', load: () => withTexts(import('../pages/Account.svelte'), 'more', 'door') },
  { pattern: '/welcome', title: 'nav.welcome', key: 'welcome', needs: 'system-read', load: () => withTexts(import('../pages/Welcome.svelte'), 'more', 'rare', 'door') },
  { pattern: '/about', title: 'nav.about', key: 'about', load: () => withTexts(import('../pages/About.svelte'), 'more', 'rare') },
  { pattern: '/api-reference', title: 'nav.api', key: 'api', load: () => withTexts(import('../pages/ApiReference.svelte'), 'more', 'rare') },
];

export const notFound: Route = {
  pattern: '',
  title: 'not_found.title',
  key: 'not-found',
  load: () => withTexts(import('../pages/NotFound.svelte')),
};
