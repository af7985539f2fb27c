import { distance } from 'fastest-levenshtein';

/** Longer words are no typing slips of ours, and comparing them would cost an attacker's square of time. */
const MAX_WORD_LENGTH = 64;

/** More than all settings of a large catalogue; a pod can have ten thousand containers. */
const MAX_CANDIDATES = 500;

/** The known word that is most like the given one, for "did you mean"; undefined when none is near enough to be meant. */
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

/** What follows a sentence about a word that is not known: nothing, where no known word is near. */
export function didYouMean(known: string | undefined): string {
  return known === undefined ? '' : `; did you mean "${known}"?`;
}
