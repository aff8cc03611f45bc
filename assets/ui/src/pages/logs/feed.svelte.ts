// Entries of a log in memory, the oldest first: a page from the server, older ones on demand, new ones from a stream.
import { asApiError, call, client } from '../../lib/client';
import type { ApiError } from '../../lib/problem';
import type { LogEntry } from '../../lib/types';
import { apiQuery, isOpen, type LogQuery } from './query';

/** An entry with a number of its own: entries can be alike. */
export interface Row {
  id: number;
  entry: LogEntry;
}

type State = 'live' | 'reconnecting' | 'off';

const PAGE = 200;
const KEPT_MAX = 10_000;
const RETRY_MS = 3_000;
const LONGEST_RETRY_MS = 30_000;

/** Whether a failure may be over soon: nobody answered, or the panel (or what is before it) could not. */
const passes = ({ status }: ApiError) => status === 0 || status >= 500;

export class Feed {
  rows = $state.raw<Row[]>([]);
  next = $state<string | null>(null);
  searchedTo = $state<string | null>(null);
  error = $state.raw<ApiError | null>(null);
  ready = $state(false);
  busy = $state(false);
  link = $state<State>('off');
  /** Whether the newest entries are shown; while the reader is elsewhere, new ones are only counted. */
  following = $state(true);
  news = $state(0);
  #query: LogQuery | null = null;
  #generation = 0;
  #numbers = 0;
  #gap = false;
  #source: EventSource | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #delay = RETRY_MS;

  /** Shows the newest entries of `query`, and follows them. `again`: those that are shown already, after a break. */
  async show(query: LogQuery, again = false): Promise<void> {
    this.stop();
    if (again) this.link = 'reconnecting';
    this.#query = query;
    this.#generation += 1;
    const mine = this.#generation;
    this.busy = true;
    try {
      const page = await this.#read(query, null);
      if (mine !== this.#generation) return;
      this.rows = this.#numbered(page.items.toReversed());
      this.next = page.next ?? null;
      this.searchedTo = page.searched_to ?? null;
      this.error = null;
      this.ready = true;
      this.news = 0;
      this.following = true;
      this.#gap = false;
      if (isOpen(query)) this.#follow(query, page.newest ?? null);
    } catch (cause) {
      if (mine !== this.#generation) return;
      const error = asApiError(cause);
      if (again && passes(error)) {
        this.#later(() => void this.show(query, true));
      } else {
        this.rows = [];
        this.ready = false;
        this.error = error;
      }
    }
    this.busy = false;
  }

  /** Reads older entries; answers how many rows came in front. */
  async older(): Promise<number> {
    const [query, cursor, mine] = [this.#query, this.next, this.#generation];
    if (!query || !cursor || this.busy || this.rows.length >= KEPT_MAX) return 0;
    this.busy = true;
    try {
      const page = await this.#read(query, cursor);
      if (mine !== this.#generation) return 0;
      const rows = this.#numbered(page.items.toReversed());
      this.rows = [...rows, ...this.rows];
      this.next = page.next ?? null;
      this.searchedTo = page.searched_to ?? null;
      this.error = null;
      return rows.length;
    } catch (cause) {
      if (mine === this.#generation) this.error = asApiError(cause);
      return 0;
    } finally {
      if (mine === this.#generation) this.busy = false;
    }
  }

  /** Whether older entries are left out because there are enough. */
  get full(): boolean {
    return this.rows.length >= KEPT_MAX;
  }

  /** Back to the newest entries: they are read again where some were let go. */
  back(): void {
    this.following = true;
    this.news = 0;
    if (this.#gap && this.#query) void this.show(this.#query);
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
    this.link = 'off';
  }

  async #read(query: LogQuery, cursor: string | null) {
    const parameters = { path: { source: query.source }, query: { limit: PAGE, ...apiQuery(query, Date.now()), ...(cursor && { cursor }) } };
    return call(client.GET('/api/v1/logs/{source}', { params: parameters }));
  }

  #numbered(entries: LogEntry[]): Row[] {
    return entries.map((entry) => ({ id: (this.#numbers += 1), entry }));
  }

  #follow(query: LogQuery, cursor: string | null): void {
    const { from: _, ...parameters } = apiQuery(query, Date.now());
    const source = new EventSource(`/api/v1/logs/${query.source}/follow?${new URLSearchParams({ ...parameters, ...(cursor && { cursor }) })}`);
    this.#source = source;
    source.onopen = () => {
      this.link = 'live';
      this.#delay = RETRY_MS;
    };
    source.onerror = () => {
      source.close();
      this.link = 'reconnecting';
      // What was written meanwhile is read by a reader who follows, and missed by nobody: the way back reads it.
      this.#gap = true;
      this.#later(() => (this.following ? void this.show(query, true) : this.#follow(query, null)));
    };
    source.addEventListener('log', (event) => this.#add((JSON.parse((event as MessageEvent<string>).data) as { entries: LogEntry[] }).entries));
  }

  /** Each time after a longer while, until it works. */
  #later(what: () => void): void {
    this.#retry = setTimeout(what, this.#delay);
    this.#delay = Math.min(this.#delay * 2, LONGEST_RETRY_MS);
  }

  #add(entries: LogEntry[]): void {
    if (!this.following) {
      this.news += entries.length;
      if (this.#gap || this.rows.length + entries.length > KEPT_MAX) {
        this.#gap = true;
        return;
      }
    }
    const rows = [...this.rows, ...this.#numbered(entries)];
    const over = rows.length - KEPT_MAX;
    if (over > 0) this.next = null;
    this.rows = over > 0 ? rows.slice(over) : rows;
  }
}
