// Light or dark: the system's choice until the user makes one (boot.js sets it before the first paint).
import { remember } from './storage';

export type Theme = 'light' | 'dark';

let current = $state<Theme>(document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light');

export const theme = {
  get current(): Theme {
    return current;
  },
};

export function toggleTheme(): void {
  current = current === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = current;
  remember('manara.theme', current);
}
