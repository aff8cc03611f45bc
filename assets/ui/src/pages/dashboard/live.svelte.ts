// The last five minutes of what the dashboard shows: asked for once, then from the stream.
import { call, client } from '../../lib/client';
import { extended, sums } from '../../lib/chart/live';
import { mean } from '../../lib/chart/shape';
import { on, onReconnect } from '../../lib/events.svelte';
import type { Family, Group, History, Metrics } from '../../lib/types';

const FAMILIES = {
  cpu: ['cpu-user', 'cpu-system', 'cpu-steal', 'cpu-quota'],
  memory: ['memory-used'],
  network: ['network-received', 'network-sent'],
  pressure: ['pressure-memory'],
} as const satisfies Partial<Record<Group, readonly Family[]>>;
type Watched = keyof typeof FAMILIES;
const WATCHED = Object.keys(FAMILIES) as Watched[];
const PRESSURE_S = 60;

export class Live {
  last = $state.raw<Metrics | null>(null);
  #histories = $state.raw<Partial<Record<Watched, History>>>({});

  readonly cpu = $derived(sums(this.#histories.cpu, this.#limited() ? ['cpu-quota'] : ['cpu-user', 'cpu-system', 'cpu-steal']));
  readonly memory = $derived(sums(this.#histories.memory, FAMILIES.memory));
  readonly network = $derived(sums(this.#histories.network, FAMILIES.network));
  /** Share of the last minute in which programs waited for memory, in percent; null where the kernel does not say. */
  readonly memoryPressure = $derived.by(() => {
    const known = sums(this.#histories.pressure, FAMILIES.pressure).slice(-PRESSURE_S).filter((value) => value !== null);
    return known.length > 0 ? mean(known) : null;
  });

  /** Reads the past. A card whose past cannot be read begins with the present. */
  async load(): Promise<void> {
    const figures = call(client.GET('/api/v1/metrics')).then(
      (metrics) => (this.last ??= metrics),
      () => undefined,
    );
    const pasts = WATCHED.map(async (group) => {
      const past = await call(client.GET('/api/v1/metrics/history', { params: { query: { group } } })).catch(() => null);
      if (past) this.#histories = { ...this.#histories, [group]: past };
    });
    await Promise.all([figures, ...pasts]);
  }

  /** Goes on with the stream; the answer stops it. */
  follow(): () => void {
    const stops = [on('metrics', (figures) => this.#add(figures)), onReconnect(() => void this.load())];
    return () => stops.forEach((stop) => stop());
  }

  #add(figures: Metrics): void {
    this.last = figures;
    const next = { ...this.#histories };
    for (const group of WATCHED) {
      const past = next[group];
      if (past?.step_s === 1) next[group] = extended(past, figures, FAMILIES[group]);
    }
    this.#histories = next;
  }

  #limited(): boolean {
    return this.#histories.cpu?.lines.some((line) => line.family === 'cpu-quota') ?? false;
  }
}
