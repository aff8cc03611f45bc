// Which rows of a list are chosen: some by their ids, or everything that the filter finds.

interface Row {
  id: string;
}

export class Selection {
  ids = $state.raw<ReadonlySet<string>>(new Set());
  /** Everything the filter finds is chosen, also what was not loaded. */
  all = $state(false);
  /** The row that a range begins at. */
  #anchor = 0;

  get any(): boolean {
    return this.all || this.ids.size > 0;
  }

  has(row: Row): boolean {
    return this.all || this.ids.has(row.id);
  }

  clear(): void {
    this.ids = new Set();
    this.all = false;
  }

  /** Chooses or leaves the row at `index`; with `range`, every row from the last one to it becomes as that one is. */
  toggle(rows: readonly Row[], index: number, range = false): void {
    const row = rows[index];
    if (!row) return;
    // Leaving one of all chosen rows leaves those that are loaded.
    const next = new Set(this.all ? rows.map((each) => each.id) : this.ids);
    const chosen = range ? true : !next.has(row.id);
    const [from, to] = range ? [Math.min(this.#anchor, index), Math.max(this.#anchor, index)] : [index, index];
    for (const each of rows.slice(from, to + 1)) {
      if (chosen) next.add(each.id);
      else next.delete(each.id);
    }
    if (!range) this.#anchor = index;
    this.ids = next;
    this.all = false;
  }

  /** Chooses every row that is loaded, or none when they all are chosen. */
  toggleAll(rows: readonly Row[]): void {
    const full = this.all || rows.every((row) => this.ids.has(row.id));
    this.clear();
    if (!full) this.ids = new Set(rows.map((row) => row.id));
  }
}
