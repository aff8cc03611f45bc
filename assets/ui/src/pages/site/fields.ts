// Fields of a site as people know them, and their values in words.
import { rawText, t, type PlainKey, type TextKey } from '../../lib/locale.svelte';
import { readableDomain } from '../../lib/idn';

/** The name of a field; one that this page does not know keeps its technical name. */
export function fieldName(field: string): string {
  const key = `history.field_${field}` as TextKey;
  const text = rawText(key);
  return text === key ? field : text;
}

/** A value in words; lists have one item per line. */
export function fieldValue(field: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return t('history.nothing');
  if (typeof value === 'boolean') return value ? t('form.yes') : t('form.no');
  if (field === 'kind') return t(`site_kind.${String(value)}` as PlainKey);
  if (Array.isArray(value)) return value.length > 0 ? value.map((item) => fieldItem(field, item)).join('\n') : t('history.nothing');
  return fieldItem(field, value);
}

function fieldItem(field: string, item: unknown): string {
  if (typeof item === 'object' && item !== null && 'name' in item && 'value' in item) return `${item.name}: ${item.value}`;
  return field === 'domain' || field === 'aliases' ? readableDomain(String(item)) : String(item);
}
