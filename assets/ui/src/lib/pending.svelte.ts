// The plan that waits to be looked at. Apart from what is done with it, so that the frame of the panel needs little.
import type { Plan } from './types';

export interface PendingChange {
  plan: Plan;
  /** Makes the plan again, when something moved before it was applied. */
  replan: () => Promise<Plan>;
  /** What has to be typed before it is applied, and what the button then says: for losses. */
  loss?: (plan: Plan) => Loss;
  /** Whether taking it back is offered afterwards; by default wherever the operation can be. */
  undo?: boolean;
  /** Called after the change was applied, with the answer where there is one at once. */
  done: (answer: unknown) => void;
}

export interface Loss {
  title: string;
  text: string;
  typed: string;
  verb: string;
}

let pending = $state.raw<PendingChange | null>(null);

export const changes = {
  get pending(): PendingChange | null {
    return pending;
  },
  set pending(change: PendingChange | null) {
    pending = change;
  },
};
