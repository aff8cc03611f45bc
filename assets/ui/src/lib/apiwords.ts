// The words of the API reference in both languages: of operations and inputs the same that the command line shows. They are a file of their own,
// because no other page needs them.
import type { Catalogue, Lang } from './i18n';
import { t, type PlainKey } from './locale.svelte';
import type { Operation } from './openapi';

/** `noun.NAME`, `op.ID` and `cli.field.NAME` of the catalogue, and sentences of the document in another language than English. */
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

/** What every change, every list or every job has: not words of a command. */
const COMMON: Record<string, PlainKey> = {
  created_at: 'api.field_created_at',
  dry_run: 'api.field_dry_run',
  finished_at: 'api.field_finished_at',
  'Idempotency-Key': 'api.field_idempotency_key',
  'If-Match': 'api.field_if_match',
  items: 'api.field_items',
  job: 'api.field_job',
  kind: 'api.field_kind',
  Prefer: 'api.field_prefer',
  started_at: 'api.field_started_at',
  total: 'api.field_total',
  updated_at: 'api.field_updated_at',
};
const common = (field: string): string | null => (COMMON[field] ? t(COMMON[field]) : null);

/** What an input field is for; null where only the description's English sentence is there. */
export function fieldWords(words: ApiWords, operation: Operation, field: string): string | null {
  const own = `cli.field.${(operation.operationId ?? '').replace('.', '_')}_${field}`;
  return words[own] ?? words[`cli.field.${field}`] ?? words[`option.${field}`] ?? common(field);
}

/** What a description says in the reader's language; null where only its English sentence is there. */
export function sentence(words: ApiWords, description: string): string | null {
  return words[description.replace(/\s+/g, ' ')] ?? null;
}

/** What a field of an answer, or inside another field, says; null where only the description's English sentence is there. */
export function answerWords(words: ApiWords, field: string, description?: string): string | null {
  return description === undefined ? common(field) : sentence(words, description);
}
