// Something read from the server: its data, or why it could not be read.
import { asApiError } from './client';
import type { ApiError } from './problem';

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(true);
  #asked = 0;
  #shown = 0;

  constructor(private readonly read: () => Promise<T>) {}

  /**
   * Reads again. What is shown stays until a later answer is there; an answer that an even later question overtook is
   * still news, or whoever asks faster than the server answers would never see one.
   */
  async load(): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    this.loading = true;
    try {
      const data = await this.read();
      if (mine < this.#shown) return;
      this.data = data;
      this.error = null;
    } catch (cause) {
      if (mine < this.#shown) return;
      this.error = asApiError(cause);
    }
    this.#shown = mine;
    if (mine === this.#asked) this.loading = false;
  }
}
