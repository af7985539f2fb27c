const FIRST_MS = 500;

const LONGEST_MS = 30_000;

/** How long to wait before the next attempt: twice as long after each failure, and spread, so that many pages do not come at once. */
export function delayAfter(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(Math.max(failures - 1, 0), 16));
  return longest / 2 + (longest / 2) * random;
}
