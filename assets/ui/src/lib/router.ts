// Matching of addresses without state. The state (where we are) is in location.svelte.ts.

export type PathParams = Record<string, string>;

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The parameters of `path` when it has the shape of `pattern` (`/sites/:domain/nginx`), otherwise null. */
export function matchPath(pattern: string, path: string): PathParams | null {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  if (wanted.length !== given.length) return null;
  const params: PathParams = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decode(value);
    else if (part !== value) return null;
  }
  return params;
}

/** The first route whose pattern fits, with its parameters. */
export function findRoute<R extends { pattern: string }>(routes: readonly R[], path: string): { route: R; params: PathParams } | null {
  for (const route of routes) {
    const params = matchPath(route.pattern, path);
    if (params) return { route, params };
  }
  return null;
}

/**
 * Where to go after signing in: only a path on this origin, so that a link cannot send the user elsewhere
 * (`//host` and `/\host` are other origins to a browser).
 */
export function safeReturnPath(value: string | null): string {
  if (!value || !/^\/(?![/\\])/.test(value) || /[\u0000-\u001f\\]/.test(value)) return '/';
  const path = value.split(/[?#]/)[0];
  return path === '/sign-in' || path === '/claim' ? '/' : value;
}

/** `path` with the parts of `changes` in its query; empty values are removed. */
export function withQuery(path: string, query: URLSearchParams, changes: Record<string, string>): string {
  const next = new URLSearchParams(query);
  for (const [key, value] of Object.entries(changes)) {
    if (value) next.set(key, value);
    else next.delete(key);
  }
  const text = next.toString();
  return text ? `${path}?${text}` : path;
}
