// Digits as people type them, an Arabic or Persian keyboard having its own, and as the reader wants to see them.
import { currentDisplay, type Lang } from './i18n';

/** The text with Arabic-Indic (٠–٩) and Persian (۰–۹) digits as Latin ones. */
export function latinDigits(text: string): string {
  return text.replace(/[٠-٩۰-۹]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
}

/** Whether `typed` is what was asked for, whichever digits and spaces around it. */
export function isTyped(typed: string, wanted: string): boolean {
  const plain = (text: string) => latinDigits(text).trim().normalize('NFC');
  return plain(typed) === plain(wanted);
}

/** A text of the catalogue with digits in it, in those that the reader wants. */
export function shownDigits(text: string, lang: Lang): string {
  if (lang !== 'ar' || currentDisplay().digits !== 'arabic-indic') return text;
  return text.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)));
}
