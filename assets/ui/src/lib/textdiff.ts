// The differences of two short texts as a unified diff, line by line: the longest common subsequence stays.

/** Beyond so many pairs of lines the texts are shown one after the other. */
const PAIRS_MAX = 1_000_000;

const lines = (text: string): string[] => (text === '' ? [] : text.split('\n'));

/** Lengths of the longest common subsequences of every two tails. */
function tails(before: string[], after: string[]): Uint16Array[] {
  const table = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    const [row, below] = [table[i]!, table[i + 1]!];
    for (let j = after.length - 1; j >= 0; j -= 1) {
      row[j] = before[i] === after[j] ? below[j + 1]! + 1 : Math.max(below[j]!, row[j + 1]!);
    }
  }
  return table;
}

/** One hunk with everything in it; empty when there is no difference. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return '';
  const [old, now] = [lines(before), lines(after)];
  const out: string[] = [];
  let [i, j] = [0, 0];
  if (old.length * now.length <= PAIRS_MAX) {
    const table = tails(old, now);
    while (i < old.length && j < now.length) {
      if (old[i] === now[j]) {
        out.push(` ${old[i]}`);
        i += 1;
        j += 1;
      } else if (table[i + 1]![j]! >= table[i]![j + 1]!) {
        out.push(`-${old[i]}`);
        i += 1;
      } else {
        out.push(`+${now[j]}`);
        j += 1;
      }
    }
  }
  out.push(...old.slice(i).map((line) => `-${line}`), ...now.slice(j).map((line) => `+${line}`));
  return `@@ -1,${old.length} +1,${now.length} @@\n${out.join('\n')}`;
}
