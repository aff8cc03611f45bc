// Who is signed in.
import type { Permission, Preferences, Session } from './types';

type Phase = 'unknown' | 'unclaimed' | 'signed-out' | 'signed-in';

let phase = $state<Phase>('unknown');
let current = $state.raw<Session | null>(null);
let expired = $state(false);
/** Who waits for a session that has ended to begin again, with what was interrupted. */
let waiting: ((again: boolean) => void)[] = [];
let renewing = $state(false);

export const session = {
  get phase(): Phase {
    return phase;
  },
  get current(): Session | null {
    return current;
  },
  /** Whether the user was signed in and the session came to its end, so that the sign-in page can say it. */
  get expired(): boolean {
    return expired;
  },
  /** Whether the session ended under an open page, which waits for the user to sign in again. */
  get renewing(): boolean {
    return renewing;
  },
  begin(next: Session): void {
    // Somebody else at the same page: nothing of the one before may stay on it.
    if (current && current.user.id !== next.user.id) location.replace('/');
    current = next;
    phase = 'signed-in';
    expired = false;
    answer(true);
  },
  /** The session has ended: answers whether the user has signed in again, over the page as it is. */
  renew(): Promise<boolean> {
    renewing = true;
    return new Promise((resolve) => waiting.push(resolve));
  },
  prefer(preferences: Preferences): void {
    if (current) current = { ...current, preferences };
  },
  ended(): void {
    expired = current !== null;
    current = null;
    phase = 'signed-out';
    answer(false);
  },
  signedOut(): void {
    current = null;
    expired = false;
    phase = 'signed-out';
  },
  unclaimed(): void {
    phase = 'unclaimed';
  },
};

function answer(again: boolean): void {
  renewing = false;
  const all = waiting;
  waiting = [];
  for (const resolve of all) resolve(again);
}

/** Whether the user has a permission: for leaving out what the server would refuse. */
export function may(permission: Permission): boolean {
  return current?.permissions.includes(permission) ?? false;
}
