// Something read from the server: its data, or why it could not be read.
import { asApiError } from './client';
import type { ApiError } from './problem';

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(true);
  #generation = 0;

  constructor(private readonly read: () => Promise<T>) {}

  /** Reads again; old data stays until the answer is there, and only the newest answer counts. */
  async load(): Promise<void> {
    this.#generation += 1;
    const mine = this.#generation;
    this.loading = true;
    try {
      const data = await this.read();
      if (mine !== this.#generation) return;
      this.data = data;
      this.error = null;
    } catch (cause) {
      if (mine !== this.#generation) return;
      this.error = asApiError(cause);
    }
    this.loading = false;
  }
}
