// The sidebar: five fixed groups, one level. A page appears here when it exists.
import type { PlainKey } from '../lib/locale.svelte';
import type { Permission } from '../lib/types';

export type IconName = 'dashboard' | 'machine' | 'sites' | 'jobs' | 'logs' | 'components' | 'audit' | 'users' | 'settings' | 'api';

export interface NavItem {
  href: string;
  title: PlainKey;
  icon: IconName;
  needs?: Permission;
}

export interface NavGroup {
  title: PlainKey;
  items: NavItem[];
}

export const navigation: readonly NavGroup[] = [
  {
    title: 'nav.group_overview',
    items: [
      { href: '/', title: 'nav.dashboard', icon: 'dashboard' },
      { href: '/machine', title: 'nav.machine', icon: 'machine', needs: 'system-read' },
    ],
  },
  { title: 'nav.group_web', items: [{ href: '/sites', title: 'nav.sites', icon: 'sites' }] },
  {
    title: 'nav.group_server',
    items: [
      { href: '/components', title: 'nav.components', icon: 'components' },
      { href: '/jobs', title: 'nav.jobs', icon: 'jobs' },
      { href: '/logs', title: 'nav.logs', icon: 'logs', needs: 'logs-read' },
    ],
  },
  { title: 'nav.group_protection', items: [{ href: '/audit', title: 'nav.audit', icon: 'audit', needs: 'audit-read' }] },
  {
    title: 'nav.group_administration',
    items: [
      { href: '/users', title: 'nav.users', icon: 'users', needs: 'accounts-manage' },
      { href: '/settings', title: 'nav.settings', icon: 'settings', needs: 'system-read' },
      { href: '/api-reference', title: 'nav.api', icon: 'api' },
    ],
  },
];
