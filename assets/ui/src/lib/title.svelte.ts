// The name of the object that the page shows, for the top bar and the title of the browser tab.

let object = $state<string | null>(null);

export const shown = {
  get object(): string | null {
    return object;
  },
};

/** Names the object for as long as the page is on the screen; call it in an `$effect`. */
export function showObject(name: string): () => void {
  object = name;
  return () => (object = null);
}
