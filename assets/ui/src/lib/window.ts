// Which rows of a long list are drawn.

/** Rows drawn above and below those on the screen, so that scrolling shows no gap. */
const MARGIN_ROWS = 8;

/** The rows `from..to` (end excluded) to draw for a list of `count` rows of `rowHeight` pixels. */
export function visibleRange(count: number, rowHeight: number, scrollTop: number, height: number): { from: number; to: number } {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const from = Math.max(0, Math.min(first - MARGIN_ROWS, count - 1));
  const to = Math.min(count, first + Math.ceil(height / rowHeight) + MARGIN_ROWS);
  return { from, to: Math.max(from, to) };
}
