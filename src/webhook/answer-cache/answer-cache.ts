import type { CacheKey } from './cache-key.ts';
import { type CurrentInputs, DecisionCache, type DecisionInputs } from './decision-cache.ts';

/** Characters, of one byte each. */
const MAX_SIZE = 8 * 1024 * 1024;

/** Answers to reviews, by pod template. Why and how much: docs/adr/0017-known-answers.md. */
export class AnswerCache<Answer> {
  readonly #answers: DecisionCache<Answer>;
  readonly #seen = new Uint32Array(2 ** SET_BITS * WAYS);

  /** An answer that takes more than an eighth of `maxSize` is not stored. */
  constructor(maxSize = MAX_SIZE) {
    this.#answers = new DecisionCache(maxSize);
  }

  /** Returns the answer if all its inputs are unchanged. */
  find(template: CacheKey, current: CurrentInputs): Answer | undefined {
    return this.#answers.find(template, current)?.value;
  }

  /** Reports whether a template was seen recently, and records it. Approximate: equal hashes count as the same template. */
  wasSeenBefore({ hash }: CacheKey): boolean {
    const first = (hash >>> (32 - SET_BITS)) * WAYS;
    const place = this.#seen.subarray(first, first + WAYS).indexOf(hash);
    // The latest comes first; the one that was seen longest ago makes room.
    this.#seen.copyWithin(first + 1, first, first + (place === -1 ? WAYS - 1 : place));
    this.#seen[first] = hash;
    return place !== -1;
  }

  /** `size`: characters that the answer takes. */
  store(template: CacheKey, answer: Answer, inputs: DecisionInputs, size: number): void {
    this.#answers.store(template, answer, inputs, template.text.length + size);
  }
}

/** Binary logarithm of the number of sets of templates that are remembered as seen. */
const SET_BITS = 12;

/** Templates in a set. With one, two templates that share it and take turns would both be new for ever. */
const WAYS = 4;
