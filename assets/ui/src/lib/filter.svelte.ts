// Filters of a list. They live in the address, so a link, Back and a saved view bring them along; what is typed goes
// there when typing pauses.
import { untrack } from 'svelte';
import { here, setQuery } from './location.svelte';

const TYPING_MS = 250;

export class Filter<Name extends string> {
  /** What stands in the text fields at this moment. */
  typed = $state<Record<string, string>>({});

  /** To be made while a component is: `texts` are those of `names` that are typed. */
  constructor(
    private readonly names: readonly Name[],
    texts: readonly Name[] = names,
  ) {
    const differs = () => texts.some((name) => this.typed[name]?.trim() !== this.value(name));
    // Only what changed in the address replaces what is typed: choosing something else must not.
    let seen = '';
    const show = () => {
      const now = texts.map((name) => this.value(name)).join('\n');
      if (now !== seen && differs()) this.typed = Object.fromEntries(texts.map((name) => [name, this.value(name)]));
      seen = now;
    };
    show();
    $effect(() => {
      void here.query;
      untrack(show);
    });
    $effect(() => {
      const wanted = Object.fromEntries(texts.map((name) => [name, this.typed[name]?.trim() ?? '']));
      const timer = setTimeout(() => differs() && setQuery(wanted), TYPING_MS);
      return () => clearTimeout(timer);
    });
  }

  value(name: Name): string {
    return here.query.get(name) ?? '';
  }

  /** The filters that are set, as the API takes them. */
  get given(): Partial<Record<Name, string>> {
    return Object.fromEntries(this.names.map((name) => [name, this.value(name)]).filter(([, value]) => value)) as Partial<Record<Name, string>>;
  }

  get any(): boolean {
    return this.names.some((name) => this.value(name));
  }

  clear = (): void => {
    this.typed = {};
    setQuery(Object.fromEntries(this.names.map((name) => [name, ''])));
  };
}
