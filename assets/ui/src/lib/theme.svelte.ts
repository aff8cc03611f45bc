// Light or dark: the system's choice until the user makes one (boot.js sets it before the first paint).
import { recall, remember } from './storage';

export type Theme = 'light' | 'dark';

const KEY = 'manara.theme';
const system = matchMedia('(prefers-color-scheme: dark)');
let current = $state<Theme>(document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light');
let chosen = ['light', 'dark'].includes(recall(KEY) ?? '');

export const theme = {
  get current(): Theme {
    return current;
  },
};

function show(next: Theme): void {
  current = next;
  document.documentElement.dataset.theme = next;
}

const showSystem = () => chosen || show(system.matches ? 'dark' : 'light');
system.addEventListener('change', showSystem);

export function toggleTheme(): void {
  chosen = true;
  show(current === 'dark' ? 'light' : 'dark');
  remember(KEY, current);
}

/** Light or dark is the system's choice again, also when it changes. */
export function followSystem(): void {
  chosen = false;
  showSystem();
  remember(KEY, 'system');
}
