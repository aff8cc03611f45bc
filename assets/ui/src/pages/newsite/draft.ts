// What the wizard has gathered, and how it becomes a request.
import { t } from '../../lib/locale.svelte';
import type { CreateSite, Header, Problem, SiteKind } from '../../lib/types';

export interface Draft {
  kind: SiteKind;
  domain: string;
  aliases: string[];
  upstream: string;
  websocket: boolean;
  /** null: the default of the server, as with the size of uploads. */
  timeout_s: number | null;
  headers: Header[];
  max_body_mb: number | null;
}

export const STEPS = ['kind', 'domain', 'options', 'review'] as const;

/** Fields of the API by the step that shows them. */
const FIELDS: Record<string, number> = {
  kind: 0,
  domain: 1,
  aliases: 1,
  upstream: 2,
  websocket: 2,
  timeout_s: 2,
  headers: 2,
  max_body_mb: 2,
};

const NAMES = {
  domain: 'site.domain',
  aliases: 'site.aliases',
  upstream: 'proxy.upstream',
  timeout_s: 'proxy.timeout',
  headers: 'proxy.headers',
  max_body_mb: 'site.max_body',
} as const;

/** Leaves empty lines out of the lists, so that a position in a problem is the position on the page. */
export function dropBlanks(draft: Draft): void {
  draft.aliases = draft.aliases.filter((alias) => alias.trim());
  draft.headers = draft.headers.filter((header) => header.name || header.value);
}

/** Whether a domain is written out so far that the server may be asked about it. */
export function looksWhole(domain: string): boolean {
  return /^[^\s./:]+(\.[^\s./:]+)+$/.test(domain.trim());
}

/** The request body; options of the other kind are left out. */
export function request(draft: Draft): CreateSite {
  const common = {
    kind: draft.kind,
    domain: draft.domain.trim(),
    aliases: draft.aliases.map((alias) => alias.trim()),
    ...(draft.max_body_mb !== null && { max_body_mb: draft.max_body_mb }),
  };
  if (draft.kind === 'static') return common;
  return {
    ...common,
    upstream: draft.upstream.trim(),
    websocket: draft.websocket,
    ...(draft.timeout_s !== null && { timeout_s: draft.timeout_s }),
    headers: draft.headers,
  };
}

/** What a field of the API is called on the page: `aliases[1]` → “Alias 2”. */
export function fieldName(field: string): string {
  const [, name = field, index] = /^(\w+)(?:\[(\d+)\])?/.exec(field) ?? [];
  if (name === 'aliases' && index !== undefined) return t('site.alias_number', { number: Number(index) + 1 });
  return name in NAMES ? t(NAMES[name as keyof typeof NAMES]) : field;
}

/** The first step that shows a field with a problem; null when no field is named. */
export function firstStepWith(problem: Problem): number | null {
  const steps = (problem.errors ?? []).map((error) => FIELDS[error.field.split(/[.[]/)[0] ?? '']).filter((step) => step !== undefined);
  return steps.length > 0 ? Math.min(...steps) : null;
}
