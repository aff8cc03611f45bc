// Which rows of a long list are drawn, and how keys move through it.

/** Rows drawn above and below those on the screen, so that scrolling shows no gap. */
const MARGIN_ROWS = 8;

/** The rows `from..to` (end excluded) to draw for a list of `count` rows of `rowHeight` pixels. */
export function visibleRange(count: number, rowHeight: number, scrollTop: number, height: number): { from: number; to: number } {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const from = Math.max(0, Math.min(first - MARGIN_ROWS, count - 1));
  const to = Math.min(count, first + Math.ceil(height / rowHeight) + MARGIN_ROWS);
  return { from, to: Math.max(from, to) };
}

/** By how many rows a key moves where `page` rows are on the screen; undefined for keys that do not. */
export function rowsMoved(key: string, page: number): number | undefined {
  const far = Math.max(1, page);
  return { ArrowUp: -1, ArrowDown: 1, PageUp: -far, PageDown: far }[key];
}
