import { distance } from 'fastest-levenshtein';

/** Longer words are not compared: the time grows with the square of the length, and words come from pods. */
const MAX_WORD_LENGTH = 64;

/** More than all settings of a large catalogue; a pod can have ten thousand containers. */
const MAX_CANDIDATES = 500;

export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > MAX_WORD_LENGTH) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.ceil(word.length / 3)) + 1;
  let candidates = 0;
  for (const candidate of known) {
    if (++candidates > MAX_CANDIDATES) break;
    if (candidate.length > MAX_WORD_LENGTH) continue;
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
}
