// Where the browser is: path and query as state, navigation through the history API.
import { withQuery } from './router';

interface Place {
  path: string;
  query: URLSearchParams;
}

const read = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });
const address = () => location.pathname + location.search;

let place = $state.raw(read());
/** The address that `place` was read from. */
let shown = address();
let hold: ((to: string) => boolean) | null = null;

export const here = {
  get path(): string {
    return place.path;
  },
  get query(): URLSearchParams {
    return place.query;
  },
};

/** `asked` is asked before the reader leaves for another page, and keeps them where they are by answering true. */
export function holdHere(asked: typeof hold): void {
  hold = asked;
}

/** An address that is the same as before is no news: whoever depends on it would begin anew. */
function arrive(): void {
  if (address() === shown) return;
  place = read();
  shown = address();
}

/** Goes to a path of the panel. `replace` leaves no step in the browser's history, and is not held. */
export function go(to: string, options: { replace?: boolean } = {}): void {
  const samePage = to.split(/[?#]/)[0] === place.path;
  if (!samePage && !options.replace && hold?.(to)) return;
  history[options.replace ? 'replaceState' : 'pushState'](null, '', to);
  arrive();
  if (!samePage) scrollTo(0, 0);
}

/** Changes parts of the query in place: filters and sorting belong to the address. */
export function setQuery(changes: Record<string, string>): void {
  go(withQuery(place.path, place.query, changes), { replace: true });
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const to = link?.getAttribute('href');
  if (!link || !to?.startsWith('/') || to.startsWith('/api/') || link.target) return;
  event.preventDefault();
  go(to);
}

/** Starts listening to links and to the browser's Back and Forward. */
export function startNavigation(): void {
  addEventListener('popstate', () => {
    // The browser has moved already: who is held gets the address back that belongs to the page.
    if (location.pathname !== place.path && hold?.(address())) history.pushState(null, '', shown);
    else arrive();
  });
  document.addEventListener('click', followLink);
}
