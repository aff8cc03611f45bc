// The sidebar: five fixed groups, one level. A page appears here when it exists.
import type { PlainKey } from '../lib/locale.svelte';
import type { Permission } from '../lib/types';

export type IconName = 'dashboard' | 'machine' | 'sites' | 'jobs' | 'logs' | 'components' | 'audit' | 'users' | 'settings' | 'doctor' | 'api';

export interface NavItem {
  href: string;
  title: PlainKey;
  icon: IconName;
  needs?: Permission;
  /** Letter of the shortcut that leads here, after `g`. */
  key?: string;
}

export interface NavGroup {
  title: PlainKey;
  items: NavItem[];
}

export const navigation: readonly NavGroup[] = [
  {
    title: 'nav.group_overview',
    items: [
      { href: '/', title: 'nav.dashboard', icon: 'dashboard', key: 'd' },
      { href: '/machine', title: 'nav.machine', icon: 'machine', needs: 'system-read', key: 'm' },
    ],
  },
  { title: 'nav.group_web', items: [{ href: '/sites', title: 'nav.sites', icon: 'sites', key: 's' }] },
  {
    title: 'nav.group_server',
    items: [
      { href: '/components', title: 'nav.components', icon: 'components', key: 'c' },
      { href: '/jobs', title: 'nav.jobs', icon: 'jobs', key: 'j' },
      { href: '/logs', title: 'nav.logs', icon: 'logs', needs: 'logs-read', key: 'l' },
      { href: '/doctor', title: 'nav.doctor', icon: 'doctor', needs: 'system-read', key: 'h' },
    ],
  },
  { title: 'nav.group_protection', items: [{ href: '/audit', title: 'nav.audit', icon: 'audit', needs: 'audit-read', key: 'a' }] },
  {
    title: 'nav.group_administration',
    items: [
      { href: '/users', title: 'nav.users', icon: 'users', needs: 'accounts-manage', key: 'u' },
      { href: '/settings', title: 'nav.settings', icon: 'settings', needs: 'system-read', key: 'e' },
      { href: '/api-reference', title: 'nav.api', icon: 'api', key: 'r' },
    ],
  },
];
