// A list that is read page by page, by cursor.
import { asApiError } from './client';
import type { ApiError } from './problem';

interface Page<T> {
  items: T[];
  next?: string | null;
  total?: number;
}

/** Rows of one answer at most, as the API has it. */
const PAGE_MAX = 500;

export class Paged<T> {
  items = $state.raw<T[]>([]);
  next = $state<string | null>(null);
  total = $state<number | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** Whether a first page is there. */
  ready = $state(false);
  busy = $state(false);
  #generation = 0;

  /** `read` answers `limit` rows from `cursor` on. */
  constructor(
    private readonly read: (cursor: string | null, limit: number) => Promise<Page<T>>,
    private readonly page = 50,
  ) {}

  /** Reads `count` rows from the start, a page of them at least; what is shown stays until they are there. */
  load(count = 0): Promise<void> {
    return this.#fetch(null, [], Math.max(count, this.page));
  }

  /** Reads again what is there, so that who has scrolled far stays where they are. */
  refresh(): Promise<void> {
    return this.load(this.items.length);
  }

  /** Reads the next page, unless one is being read or there is none. */
  async more(): Promise<void> {
    if (this.busy || this.next === null) return;
    await this.#fetch(this.next, this.items, this.page);
  }

  /** Puts changed rows in place without reading again. */
  replace(items: T[]): void {
    this.items = items;
  }

  /** Reads `count` rows from `cursor` on, or as many as there are, and shows them after `items`. */
  async #fetch(cursor: string | null, items: T[], count: number): Promise<void> {
    this.#generation += 1;
    const mine = this.#generation;
    const wanted = items.length + count;
    this.busy = true;
    try {
      let page: Page<T>;
      do {
        page = await this.read(cursor, Math.min(wanted - items.length, PAGE_MAX));
        if (mine !== this.#generation) return;
        items = [...items, ...page.items];
        cursor = page.next ?? null;
      } while (cursor && items.length < wanted);
      this.items = items;
      this.next = cursor;
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
