// Where in a long list the reader is: kept in the step of the browser's history, so that Back leads there again.

export interface Place {
  /** How far it is scrolled, in pixels. */
  top: number;
  /** How many rows were loaded. */
  rows: number;
}

/** Browsers refuse too many changes of their history in a row. */
const SETTLE_MS = 200;

/** Keeps the place in a moment, unless the reader is elsewhere then; answers how not to. */
export function keepPlace(place: Place): () => void {
  const { href } = location;
  const timer = setTimeout(() => href === location.href && history.replaceState(place, ''), SETTLE_MS);
  return () => clearTimeout(timer);
}
