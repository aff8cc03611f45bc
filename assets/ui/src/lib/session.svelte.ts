// Who is signed in.
import type { Permission, Session } from './types';

type Phase = 'unknown' | 'unclaimed' | 'signed-out' | 'signed-in';

let phase = $state<Phase>('unknown');
let current = $state.raw<Session | null>(null);
let expired = $state(false);

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
  begin(next: Session): void {
    current = next;
    phase = 'signed-in';
    expired = false;
  },
  ended(): void {
    expired = current !== null;
    current = null;
    phase = 'signed-out';
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

/** Whether the user has a permission: for leaving out what the server would refuse. */
export function may(permission: Permission): boolean {
  return current?.permissions.includes(permission) ?? false;
}
