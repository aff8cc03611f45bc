// Reads unified diffs (the format of GNU diffutils, “Detailed Description of Unified Format”) for display.

export type LineKind = 'same' | 'added' | 'removed';

export interface DiffLine {
  kind: LineKind;
  text: string;
  /** Line number in the old text; null for an added line. */
  before: number | null;
  /** Line number in the new text; null for a removed line. */
  after: number | null;
}

export interface Hunk {
  lines: DiffLine[];
}

export interface ParsedDiff {
  hunks: Hunk[];
  added: number;
  removed: number;
}

const HUNK_HEADER = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const KINDS: Record<string, LineKind> = { ' ': 'same', '+': 'added', '-': 'removed' };

/** The hunks of a unified diff of one file; file headers and “no newline” marks are left out. */
export function parseDiff(diff: string): ParsedDiff {
  const result: ParsedDiff = { hunks: [], added: 0, removed: 0 };
  let hunk: Hunk | undefined;
  let before = 0;
  let after = 0;
  // Lines that the hunk's header promises and that have not come yet: a removed line that starts with "-- " must not
  // be taken for a file header.
  let oldLeft = 0;
  let newLeft = 0;
  for (const line of diff.split('\n')) {
    const header = HUNK_HEADER.exec(line);
    if (header && oldLeft <= 0 && newLeft <= 0) {
      hunk = { lines: [] };
      result.hunks.push(hunk);
      before = Number(header[1]);
      after = Number(header[3]);
      oldLeft = Number(header[2] ?? 1);
      newLeft = Number(header[4] ?? 1);
      continue;
    }
    const kind = KINDS[line.charAt(0)] ?? (line === '' ? 'same' : undefined);
    if (!hunk || !kind || (oldLeft <= 0 && newLeft <= 0)) continue;
    hunk.lines.push({
      kind,
      text: line.slice(1),
      before: kind === 'added' ? null : before,
      after: kind === 'removed' ? null : after,
    });
    if (kind !== 'added') {
      before += 1;
      oldLeft -= 1;
    }
    if (kind !== 'removed') {
      after += 1;
      newLeft -= 1;
    }
    if (kind === 'added') result.added += 1;
    if (kind === 'removed') result.removed += 1;
  }
  return result;
}

/** A whole text as unchanged lines, for showing a file with the same line numbers as a diff. */
export function asLines(text: string): DiffLine[] {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map((line, index) => ({ kind: 'same', text: line, before: index + 1, after: index + 1 }));
}
