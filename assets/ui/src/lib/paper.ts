// What is drawn only where it can be seen has to be drawn whole for paper.
import { flushSync } from 'svelte';

/** Tells when the page is about to be printed, and when that is over. The page is drawn anew before the browser looks. */
export function onPaper(tell: (printing: boolean) => void): () => void {
  const begin = () => flushSync(() => tell(true));
  const end = () => tell(false);
  addEventListener('beforeprint', begin);
  addEventListener('afterprint', end);
  return () => {
    removeEventListener('beforeprint', begin);
    removeEventListener('afterprint', end);
  };
}
