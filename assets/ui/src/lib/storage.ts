// Small preferences of this browser. Storage may be forbidden: then a preference lasts as long as the page.

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice still holds for this page.
  }
}

/** What was remembered under `key`; null where nothing was, or storage is forbidden. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Drops what this tab keeps of somebody's work. */
export function forget(): void {
  try {
    sessionStorage.clear();
  } catch {
    // Nothing was kept.
  }
}
