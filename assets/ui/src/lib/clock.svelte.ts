// One ticking clock for all relative times on the page.
import { createSubscriber } from 'svelte/reactivity';

const TICK_MS = 10_000;

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, TICK_MS);
  return () => clearInterval(timer);
});

/** Now, in milliseconds since 1970; whatever reads it is drawn again every ten seconds. */
export function now(): number {
  subscribe();
  return Date.now();
}
