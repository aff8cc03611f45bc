// What lies above the page: drawer, palette, sheet of shortcuts, and the one shared menu (a menu per table row would be slow).

export interface MenuItem {
  label: string;
  run: () => void;
  danger?: boolean;
  disabled?: boolean;
}

export interface OpenMenu {
  anchor: HTMLElement;
  label: string;
  items: MenuItem[];
}

let drawer = $state(false);
let palette = $state(false);
let keys = $state(false);
let menu = $state.raw<OpenMenu | null>(null);

export const overlays = {
  get drawer(): boolean {
    return drawer;
  },
  set drawer(open: boolean) {
    drawer = open;
  },
  get palette(): boolean {
    return palette;
  },
  set palette(open: boolean) {
    palette = open;
  },
  get keys(): boolean {
    return keys;
  },
  set keys(open: boolean) {
    keys = open;
  },
  get menu(): OpenMenu | null {
    return menu;
  },
};

export function openMenu(anchor: HTMLElement, label: string, items: MenuItem[]): void {
  menu = { anchor, label, items };
}

export function closeMenu(): void {
  menu = null;
}
