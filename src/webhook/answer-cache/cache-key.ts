import { spread } from '../../lib/text.ts';

/** A text by which something is kept, with its hash. */
export interface CacheKey {
  readonly text: string;
  /** An unsigned 32-bit number. Different texts can have the same. */
  readonly hash: number;
}

/** Bytes. What a longer text has behind them does not count for its hash. */
const MAX_HASHED = 256 * 1024;

const bytes = Buffer.alloc(MAX_HASHED);
const words = new Int32Array(bytes.buffer, bytes.byteOffset, MAX_HASHED / 4);

/** A text as a key. V8 hashes a string of a few KiB character by character before a Map finds it, which takes longer than all the rest of the search. */
export function cacheKey(text: string): CacheKey {
  return { text, hash: hashOf(text) };
}

/** MurmurHash3 for 32 bits with a simpler step for each word of four characters. */
function hashOf(text: string): number {
  const length = bytes.write(text, 0, 'latin1');
  const wholeWords = length >>> 2;
  let hash = text.length;
  for (let at = 0; at < wholeWords; at += 1) hash = mixed(hash, words[at] ?? 0);
  for (let at = wholeWords << 2; at < length; at += 1) hash = mixed(hash, bytes[at] ?? 0);
  return spread(hash);
}

/** A multiplication only carries upwards, so the upper half is brought down before the next. */
function mixed(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, 0xcc9e2d51);
  return product ^ (product >>> 15);
}
