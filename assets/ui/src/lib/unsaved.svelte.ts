// Forms that lose what was typed when another page is gone to: the reader is asked first.
import { go, holdHere } from './location.svelte';

let wanted = $state<string | null>(null);

export const leaving = {
  /** Where the reader wants to go although something is not saved; null when nobody asks. */
  get to(): string | null {
    return wanted;
  },
  stay(): void {
    wanted = null;
  },
  leave(): void {
    const to = wanted;
    wanted = null;
    holdHere(null);
    if (to !== null) go(to);
  },
};

function ask(to: string): boolean {
  wanted = to;
  return true;
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** To be called while a component is made: as long as `unsaved` is true, leaving its page has to be confirmed. */
export function guardUnsaved(unsaved: () => boolean): void {
  $effect(() => {
    if (!unsaved()) return;
    holdHere(ask);
    addEventListener('beforeunload', warn);
    return () => {
      holdHere(null);
      removeEventListener('beforeunload', warn);
    };
  });
}

/** The same for a form whose values are `values()`: they are not saved once they differ from what they are now. */
export function guardForm(values: () => unknown): void {
  const before = JSON.stringify(values());
  guardUnsaved(() => JSON.stringify(values()) !== before);
}
