// A list of what runs: read once, then live from the stream.
import { on, onReconnect } from '../../lib/events.svelte';
import type { Resource } from '../../lib/resource.svelte';
import type { ProcessList, ServiceList } from '../../lib/types';

interface Told {
  processes: ProcessList;
  services: ServiceList;
}

/** Pages that follow each other, and their parts, settle on topics within it. */
const SETTLE_MS = 100;
/** How many parts of the page want what. */
const wanted: Record<keyof Told, number> = { processes: 0, services: 0 };

/** Looking takes the machine some work: only while a page shows it, in a tab that somebody sees. */
function settle(): void {
  const names = Object.entries(wanted).filter(([, parts]) => parts > 0 && !document.hidden);
  const topics = names.map(([name]) => `,${name}`).join('');
  import('../../lib/connection').then(({ carry }) => carry(topics), () => undefined);
}
document.addEventListener('visibilitychange', settle);

function want(name: keyof Told, parts: 1 | -1): void {
  wanted[name] += parts;
  setTimeout(settle, SETTLE_MS);
}

/**
 * Reads `resource` now, and keeps it as the stream tells. `shown` takes what is shown of that; where it answers null, the
 * resource is read again. The answer ends it, which fits `$effect`.
 */
export function watched<N extends keyof Told, T>(resource: Resource<T>, name: N, shown: (told: Told[N]) => T | null): () => void {
  const load = () => void resource.load();
  const hear = (told: Told[N] | null) => {
    const data = told && shown(told);
    if (!data) return load();
    resource.data = data;
    resource.error = null;
  };
  load();
  want(name, 1);
  const stops = [on<keyof Told>(name, hear as (told: Told[keyof Told] | null) => void), onReconnect(load)];
  return () => {
    want(name, -1);
    stops.forEach((stop) => stop());
  };
}
