// A long list by keyboard: arrows, Page Up and Down, Home and End move from row to row, Space chooses, Shift with an arrow
// chooses a range, Ctrl+A everything loaded, Escape nothing. Rows that are not drawn are scrolled to first.
import { tick } from 'svelte';

export interface KeyedList {
  /** How many rows are loaded. */
  count: () => number;
  rowHeight: number;
  toggle: (index: number, range: boolean) => void;
  toggleAll: () => void;
  clear: () => void;
}

const HEADER_ROWS = 1;

/** The row that holds the focus, counted from 0; -1 when none does. */
function focused(): number {
  const row = document.activeElement?.closest('tr[aria-rowindex]');
  return row ? Number(row.getAttribute('aria-rowindex')) - 1 - HEADER_ROWS : -1;
}

async function show(box: HTMLElement, index: number, rowHeight: number) {
  const head = box.querySelector('thead')?.clientHeight ?? 0;
  const top = index * rowHeight;
  const visible = box.clientHeight - head;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight > box.scrollTop + visible) box.scrollTop = top + rowHeight - visible;
  // The scroll event draws the rows that are now on the screen.
  await new Promise(requestAnimationFrame);
  await tick();
  box.querySelector<HTMLElement>(`tr[aria-rowindex="${index + 1 + HEADER_ROWS}"] a`)?.focus({ preventScroll: true });
}

function target(key: string, now: number, page: number, last: number): number | null {
  const steps: Record<string, number> = { ArrowDown: now + 1, ArrowUp: now - 1, PageDown: now + page, PageUp: now - page, Home: 0, End: last };
  const wanted = steps[key];
  return wanted === undefined ? null : Math.max(0, Math.min(last, wanted));
}

/** Ctrl+A (⌘A), also where another alphabet is typed: the key then says ش or the like. */
export function isSelectAll({ key, code, ctrlKey, metaKey }: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey'>): boolean {
  const letter = /^[ -~]$/.test(key) ? key.toLowerCase() === 'a' : code === 'KeyA';
  return letter && (ctrlKey || metaKey);
}

/** Listens on the box that scrolls; answers how to stop. */
export function listKeys(box: HTMLElement, list: KeyedList): () => void {
  // Where the focus is on its way to: keys may come faster than rows are drawn.
  let heading: number | null = null;

  function move(to: number) {
    heading = to;
    void show(box, to, list.rowHeight).then(() => {
      if (heading === to) heading = null;
    });
  }

  function pressed(event: KeyboardEvent) {
    const control = event.target instanceof HTMLElement && event.target.closest('button, input');
    const now = heading ?? focused();
    const page = Math.max(1, Math.floor(box.clientHeight / list.rowHeight) - 1);
    const wanted = event.altKey ? null : target(event.key, now, page, list.count() - 1);
    if (wanted !== null && list.count() > 0) {
      event.preventDefault();
      if (event.shiftKey) list.toggle(wanted, true);
      move(wanted);
    } else if (event.key === ' ' && now >= 0 && !control) {
      event.preventDefault();
      list.toggle(now, event.shiftKey);
    } else if (isSelectAll(event)) {
      event.preventDefault();
      list.toggleAll();
    } else if (event.key === 'Escape') list.clear();
  }
  box.addEventListener('keydown', pressed);
  return () => box.removeEventListener('keydown', pressed);
}
