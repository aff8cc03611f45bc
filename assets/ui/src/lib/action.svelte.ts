// What a button or a form starts. Apart from what is read, which every page needs.
import { tick } from 'svelte';
import { asApiError } from './client';
import type { ApiError } from './problem';

/** Runs an action that a button starts: one at a time, its problem kept for display. */
export class Action {
  busy = $state(false);
  error = $state.raw<ApiError | null>(null);

  /** Whether it went well. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      await work();
      return true;
    } catch (cause) {
      this.error = asApiError(cause);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** As `run`, for a form that is sent: a field that is refused takes the focus, and with it its problem is read aloud. */
  async submit(event: SubmitEvent, work: () => Promise<unknown>): Promise<boolean> {
    event.preventDefault();
    const form = event.currentTarget as HTMLElement;
    const well = await this.run(work);
    await tick();
    if (!well) form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    return well;
  }
}
