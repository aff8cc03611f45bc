// The guarded change of settings that waits to be confirmed, shown on every page.
import { call, client } from './client';
import { on, onOpen, onReconnect } from './events.svelte';
import { laterTexts, t } from './locale.svelte';
import { may } from './session.svelte';
import { notify } from './toast.svelte';
import type { Guard } from './types';

let pending = $state.raw<Guard | null>(null);
let deadline = $state(0);
/** Counts what became of guarded changes, so that a page with the settings reads them again. */
let settled = $state(0);

export const guard = {
  get pending(): Guard | null {
    return pending;
  },
  /** When it is taken back, by this machine's clock, in milliseconds since 1970. */
  get deadline(): number {
    return deadline;
  },
  get settled(): number {
    return settled;
  },
};

/** Shows what an answer says about it. */
export function setGuard(next: Guard | null): void {
  pending = next;
  deadline = next ? Date.now() + next.seconds_left * 1000 : 0;
}

/** Asks whether something is pending. Without an answer what is known stays: the panel may have moved to the new address. */
export async function readGuard(): Promise<void> {
  if (!may('system-read')) return;
  const had = pending !== null;
  try {
    setGuard((await call(client.GET('/api/v1/settings/guard'))).guard ?? null);
    if (had && !pending) settled += 1;
  } catch {
    // Asked again when the time is over.
  }
}

/** Follows it until the answer is called. */
export function followGuard(): () => void {
  void readGuard();
  const stops = [
    on('guard', async ({ state }) => {
      void readGuard();
      await laterTexts('rare');
      if (state === 'confirmed') notify(t('guard.kept'));
      if (state === 'reverted') notify(t('guard.taken_back'));
    }),
    onOpen(() => void readGuard()),
    onReconnect(() => void readGuard()),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Keeps the pending change. Only counts over the new path. */
export async function keepChange(): Promise<void> {
  await call(client.POST('/api/v1/settings/confirm', { body: {} }));
  await readGuard();
}

/** Takes the pending change back. */
export async function takeBack(): Promise<void> {
  await call(client.POST('/api/v1/settings/revert'));
  await readGuard();
}
