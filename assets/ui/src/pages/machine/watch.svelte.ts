// Something that is read again and again while its page is looked at.
import type { Resource } from '../../lib/resource.svelte';

/** Reads `resource` now and every `seconds`, but not in a tab that nobody sees. The answer ends it, which fits `$effect`. */
export function watched(resource: Resource<unknown>, seconds: number): () => void {
  void resource.load();
  const timer = setInterval(() => document.hidden || void resource.load(), seconds * 1000);
  return () => clearInterval(timer);
}
