import { diffLines } from 'diff';

export interface DiffLine {
  readonly number: number;
  readonly text: string;
}

/** One line of both sides. A line of one side only has nothing opposite. */
export interface DiffRow {
  readonly kind: 'same' | 'changed' | 'added' | 'removed';
  readonly before: DiffLine | undefined;
  readonly after: DiffLine | undefined;
}

/** A stretch of rows: one that is the same on both sides, and long, may be folded. */
export interface DiffPart {
  readonly isFolded: boolean;
  readonly rows: readonly DiffRow[];
}

/** Both texts line by line, with the lines that replace one another side by side. */
export function sideBySide(before: string, after: string): readonly DiffRow[] {
  const rows: DiffRow[] = [];
  let removed: readonly DiffLine[] = [];
  const at = { before: 1, after: 1 };
  const flush = (added: readonly DiffLine[]): void => {
    for (let index = 0; index < Math.max(removed.length, added.length); index++) {
      const [old, now] = [removed[index], added[index]];
      rows.push({ kind: old && now ? 'changed' : old ? 'removed' : 'added', before: old, after: now });
    }
    removed = [];
  };
  for (const change of diffLines(before, after)) {
    const lines = linesOf(change.value);
    if (change.removed) removed = lines.map((text) => ({ number: at.before++, text }));
    else if (change.added) flush(lines.map((text) => ({ number: at.after++, text })));
    else {
      flush([]);
      for (const text of lines) {
        rows.push({ kind: 'same', before: { number: at.before++, text }, after: { number: at.after++, text } });
      }
    }
  }
  flush([]);
  return rows;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Lines of the same that stay around a change. */
const CONTEXT = 3;

/** Splits rows into parts: long stretches without a change are folded, but for what stands around the changes. */
export function folded(rows: readonly DiffRow[]): readonly DiffPart[] {
  const near = nearChanges(rows);
  const parts: { isFolded: boolean; rows: DiffRow[] }[] = [];
  for (const [index, row] of rows.entries()) {
    const isFolded = !near.has(index);
    const last = parts.at(-1);
    if (last?.isFolded === isFolded) last.rows.push(row);
    else parts.push({ isFolded, rows: [row] });
  }
  // A fold takes a line itself.
  return parts.map((part) => (part.rows.length <= 2 ? { ...part, isFolded: false } : part));
}

function nearChanges(rows: readonly DiffRow[]): ReadonlySet<number> {
  const near = new Set<number>();
  for (const [index, { kind }] of rows.entries()) {
    if (kind === 'same') continue;
    const end = Math.min(rows.length - 1, index + CONTEXT);
    for (let one = Math.max(0, index - CONTEXT); one <= end; one++) near.add(one);
  }
  return near;
}

/** How many lines each side has more than the other: `+12 −3`. */
export function countChanges(rows: readonly DiffRow[]): { readonly added: number; readonly removed: number } {
  return {
    added: rows.filter(({ kind }) => kind === 'added' || kind === 'changed').length,
    removed: rows.filter(({ kind }) => kind === 'removed' || kind === 'changed').length,
  };
}
