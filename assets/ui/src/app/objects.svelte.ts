// Objects that the palette finds: sites by asking the server for each query, jobs and users from a list read once.
import { call, client } from '../lib/client';
import { may } from '../lib/session.svelte';
import type { Job, Site, User } from '../lib/types';

const SITES_MAX = 8;
const JOBS_READ = 50;
const DELAY_MS = 150;

export class Objects {
  sites = $state.raw<Site[]>([]);
  jobs = $state.raw<Job[]>([]);
  users = $state.raw<User[]>([]);
  /** Whether the sites are those of the newest query: what comes after them must not jump in before. */
  settled = $state(false);
  #wanted = '';
  #begun = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Looks for `object`; what an earlier query asked for is dropped. */
  find(object: string): void {
    clearTimeout(this.#timer);
    this.#wanted = object;
    this.settled = false;
    if (!object) {
      this.sites = [];
      return;
    }
    if (!this.#begun) void this.#readLists();
    this.#timer = setTimeout(() => void this.#askSites(object), DELAY_MS);
  }

  async #askSites(object: string): Promise<void> {
    const page = await call(client.GET('/api/v1/sites', { params: { query: { q: object, limit: SITES_MAX } } })).catch(() => null);
    if (this.#wanted !== object) return;
    this.sites = page?.items ?? [];
    this.settled = true;
  }

  async #readLists(): Promise<void> {
    this.#begun = true;
    const nothing = { items: [] };
    const [jobs, users] = await Promise.all([
      call(client.GET('/api/v1/jobs', { params: { query: { limit: JOBS_READ } } })).catch(() => nothing),
      may('accounts-manage') ? call(client.GET('/api/v1/users')).catch(() => nothing) : nothing,
    ]);
    [this.jobs, this.users] = [jobs.items, users.items];
  }
}
