// What time the charts of the machine show, and where the cursor is: one for all charts, so that they can be compared.
import { panned, RANGES, readView, viewQuery, within, zoomed, type Range, type Span, type View } from '../../lib/chart/view';
import { here, setQuery } from '../../lib/location.svelte';

const NAMES = ['range', 'from', 'to'];

export class MachineView {
  /** The address says more, such as which processes are looked for: that draws no chart anew. */
  readonly #query = $derived(String(new URLSearchParams(NAMES.map((name) => [name, here.query.get(name) ?? '']))));
  readonly view = $derived.by<View>(() => readView(new URLSearchParams(this.#query), this.usual));
  /** Whether the present is followed second by second. */
  readonly live = $derived(!this.view.fixed && this.view.range === '5m');
  /** The moment that is pointed at, in milliseconds since 1970. */
  cursor = $state<number | null>(null);
  #ahead = 0;

  /** `usual` is the range of an address that names none. */
  constructor(private readonly usual?: Range) {}

  /** The clock of the server: that of the browser may be wrong. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** The server says what time it is. */
  heard(at: string): void {
    this.#ahead = Date.parse(at) - Date.now();
  }

  /** What is asked for now. */
  span(): Span {
    const now = this.now();
    return this.view.fixed ?? { from: now - RANGES[this.view.range] * 1000, to: now };
  }

  follow(range: Range): void {
    this.#show({ range, fixed: null });
  }

  show(fixed: Span): void {
    this.#show({ range: this.view.range, fixed: within(fixed, this.now()) });
  }

  zoom(factor: number): void {
    const span = this.span();
    const inside = this.cursor !== null && this.cursor >= span.from && this.cursor <= span.to;
    this.show(zoomed(span, factor, inside && this.cursor !== null ? this.cursor : (span.from + span.to) / 2, this.now()));
  }

  pan(share: number): void {
    this.show(panned(this.span(), share, this.now()));
  }

  #show(view: View): void {
    setQuery(viewQuery(view, this.usual));
  }
}
