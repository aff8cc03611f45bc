// Keyboard shortcuts: which keys mean what. Letters count by what is printed on a Latin keyboard, whatever layout is on:
// an Arabic keyboard types ش where `A` is.
import type { PlainKey } from '../lib/locale.svelte';

/** What a keyboard event says; the part of `KeyboardEvent` that counts here. */
export interface Stroke {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export interface Shortcut {
  /** One stroke, or two one after the other: `c`, `g s`, `?`. */
  keys: string;
  title: PlainKey;
  run: () => void;
}

/** Where the browser remembers whether keys alone do something (WCAG 2.1.4); `off` when they don't. */
export const LETTERS = 'manara.keys';
/** Longest pause between the two strokes of a shortcut. */
const PAUSE_MS = 1_500;
const SIGNS: Record<string, string> = { '?': '?', '؟': '?', '/': '/' };

/** The stroke as shortcuts name it: a Latin letter, `/`, `?`, or null for anything else and with modifiers. */
export function strokeName({ key, code, ctrlKey, metaKey, altKey, shiftKey }: Stroke): string | null {
  if (ctrlKey || metaKey || altKey) return null;
  const sign = SIGNS[key] ?? (code === 'Slash' && !/^[ -~]$/.test(key) ? (shiftKey ? '?' : '/') : undefined);
  if (sign) return sign;
  if (shiftKey) return null;
  if (/^[a-z]$/.test(key)) return key;
  return /^[ -~]$/.test(key) ? null : (/^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase() ?? null);
}

/** Ctrl+Z, or ⌘Z where that is the custom. */
export function isUndo({ key, code, ctrlKey, metaKey, altKey, shiftKey }: Stroke): boolean {
  const letter = /^[ -~]$/.test(key) ? key.toLowerCase() === 'z' : code === 'KeyZ';
  return letter && ctrlKey !== metaKey && !altKey && !shiftKey;
}

/** Whether the keys go into something that is being typed. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select, [role="textbox"], [role="combobox"]') !== null);
}

/** Finds the shortcut that strokes make up. */
export class Keys {
  #first = '';
  #at = 0;

  /** The shortcut that this stroke, with the one before it, completes. */
  take(stroke: string | null, shortcuts: readonly Shortcut[], now: number): Shortcut | null {
    const before = now - this.#at <= PAUSE_MS ? this.#first : '';
    this.#first = '';
    if (stroke === null) return null;
    const found = shortcuts.find(({ keys }) => keys === (before ? `${before} ${stroke}` : stroke));
    if (found) return found;
    const begins = shortcuts.some(({ keys }) => keys.startsWith(`${stroke} `));
    if (begins) [this.#first, this.#at] = [stroke, now];
    return null;
  }
}
