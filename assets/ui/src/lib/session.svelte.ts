// Who is signed in.
import type { Role, Session } from './types';

type Phase = 'unknown' | 'unclaimed' | 'signed-out' | 'signed-in';

let phase = $state<Phase>('unknown');
let current = $state.raw<Session | null>(null);
let expired = $state(false);

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

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

/** Whether the user's role is at least `role`: for leaving out what the server would refuse. */
export function atLeast(role: Role): boolean {
  return current !== null && RANK[current.user.role] >= RANK[role];
}
