// Which of the newest changes are about sites that still have the name of that time.

/** A change of the trail or a job, newest first among others. */
export interface Done {
  operation: string;
  target: string;
  /** Whether it did what it was asked. */
  done: boolean;
  /** The object before and after, where that is known. */
  before?: unknown;
  after?: unknown;
}

const domain = (object: unknown) => (object as { domain?: string } | null | undefined)?.domain;

/** Names that `changes` took from their sites: by deleting or renaming them. */
export function gone(changes: readonly Done[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { operation, target, done, before, after } of changes) {
    if (!done) continue;
    if (operation.startsWith('site.delete')) names.add(target);
    const former = domain(before);
    if (former && former !== domain(after)) names.add(former);
  }
  return names;
}

/** Where the history of the changed site is. Null where `names` are gone from it, and where it may never have come to be. */
export function historyOf({ operation, target, done }: Done, names: ReadonlySet<string>): string | null {
  // A plan for many sites is about none.
  const one = operation.startsWith('site.') && target !== '' && !target.includes(' ');
  return one && done && !names.has(target) ? `/sites/${encodeURIComponent(target)}/history` : null;
}
