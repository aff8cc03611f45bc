// Small preferences of this browser. Storage may be forbidden: then a preference lasts as long as the page.

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice still holds for this page.
  }
}
