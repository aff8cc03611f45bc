// The draft of the wizard outlives its page in this tab: Back, a reload or a stray click must not lose it. It goes with
// the session (signing out empties the tab's storage), and belongs to one user.
import type { Draft } from './draft';

const KEY = 'manara.newsite';

/** Keeps `draft` for `user`, or drops what was kept when it is null. Storage may be forbidden: then it lasts as long as the page. */
export function keepDraft(user: number | string, draft: Draft | null): void {
  try {
    if (draft) sessionStorage.setItem(KEY, JSON.stringify({ user, draft }));
    else sessionStorage.removeItem(KEY);
  } catch {
    // The page has it still.
  }
}

/** The draft that `user` has left here, on top of `fresh`, so that one of an older version of the panel lacks nothing. */
export function keptDraft(user: number | string, fresh: Draft): Draft {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as { user: unknown; draft: Draft } | null;
    return kept?.user === user ? { ...fresh, ...kept.draft } : fresh;
  } catch {
    return fresh;
  }
}
