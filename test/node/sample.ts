/** All rows, instead of a sample that turns with the date. */
export const isWhole: boolean = process.env['E2E_NODE_ALL'] === '1';

const DAY_MS = 86_400_000;

/** Today's part of the rows: each is in it once in `parts` days. */
export function sampleOf<T>(rows: readonly T[], parts: number): readonly T[] {
  if (isWhole) return rows;
  const today = Math.floor(Date.now() / DAY_MS);
  return rows.filter((_, index) => (index + today) % parts === 0);
}
