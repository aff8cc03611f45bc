// A list that is read page by page, by cursor.
import { asApiError } from './client';
import type { ApiError } from './problem';

interface Page<T> {
  items: T[];
  next?: string | null;
  total?: number;
}

export class Paged<T> {
  items = $state.raw<T[]>([]);
  next = $state<string | null>(null);
  total = $state<number | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** Whether a first page is there. */
  ready = $state(false);
  busy = $state(false);
  #generation = 0;

  constructor(private readonly read: (cursor: string | null) => Promise<Page<T>>) {}

  /** Reads from the start; what is shown stays until the answer is there. */
  load(): Promise<void> {
    return this.#fetch(null, (page) => page.items);
  }

  /** Reads the next page, unless one is being read or there is none. */
  async more(): Promise<void> {
    if (this.busy || this.next === null) return;
    await this.#fetch(this.next, (page) => [...this.items, ...page.items]);
  }

  /** Puts changed rows in place without reading again. */
  replace(items: T[]): void {
    this.items = items;
  }

  async #fetch(cursor: string | null, merge: (page: Page<T>) => T[]): Promise<void> {
    this.#generation += 1;
    const mine = this.#generation;
    this.busy = true;
    try {
      const page = await this.read(cursor);
      if (mine !== this.#generation) return;
      this.items = merge(page);
      this.next = page.next ?? null;
      this.total = page.total ?? null;
      this.error = null;
      this.ready = true;
    } catch (cause) {
      if (mine !== this.#generation) return;
      this.error = asApiError(cause);
    }
    this.busy = false;
  }
}
