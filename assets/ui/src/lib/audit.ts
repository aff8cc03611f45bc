// How the results of the audit trail are worded and coloured.
import { t } from './locale.svelte';

const RESULTS = {
  started: { tone: '', label: 'audit.started' },
  done: { tone: 'ok', label: 'audit.done' },
  failed: { tone: 'danger', label: 'audit.failed' },
  refused: { tone: 'danger', label: 'audit.refused' },
  undone: { tone: 'warn', label: 'audit.undone' },
} as const;

/** The tone of its tag and its word; one that this page does not know keeps its technical name. */
export function auditResult(result: string): { tone: string; text: string } {
  const known = RESULTS[result as keyof typeof RESULTS];
  return known ? { tone: known.tone, text: t(known.label) } : { tone: '', text: result };
}
