// The words of the API reference in both languages: the same that the command line shows. They are a file of their own,
// because no other page needs them.
import type { Catalogue, Lang } from './i18n';
import type { Operation } from './openapi';

/** `noun.NAME`, `op.ID` and `cli.field.NAME` of the catalogue. */
export type ApiWords = Record<string, string>;

const loaders: Record<Lang, () => Promise<{ default: Catalogue }>> = {
  ar: () => import('../locales/api-ar'),
  en: () => import('../locales/api-en'),
};

/** Those of one language. */
export async function loadApiWords(lang: Lang): Promise<ApiWords> {
  // None of them counts something.
  return (await loaders[lang]()).default as ApiWords;
}

/** What an input field is for; null where only the description's English sentence is there. */
export function fieldWords(words: ApiWords, operation: Operation, field: string): string | null {
  const own = `cli.field.${(operation.operationId ?? '').replace('.', '_')}_${field}`;
  return words[own] ?? words[`cli.field.${field}`] ?? words[`option.${field}`] ?? null;
}
