/** A pseudo-random generator with a seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to limit - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const unusualValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  ' ',
  'x',
  '\u0000',
  '\u2028\u202e\ufeff',
  '\ud800',
  '../../etc',
  '$(HOME)',
  'x'.repeat(300),
  [],
  [[]],
  [null],
  {},
  { name: 1 },
  { op: 'remove', path: '/spec' },
  { constructor: { prototype: { polluted: 'yes' } } },
];

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** Returns a copy in which one to three values are replaced, removed or duplicated. */
export function mutated(random: Random, value: unknown): unknown {
  const root = { root: structuredClone(value) };
  for (let times = 1 + random.below(3); times > 0; times--) {
    let within: Tree = root;
    let key = 'root';
    // Descends until a random stop or a leaf.
    for (;;) {
      const next = within[key];
      if (!isTree(next) || Object.keys(next).length === 0 || (key !== 'root' && random.below(12) === 0)) break;
      within = next;
      const keys = Object.keys(next);
      const inner = keys.filter((name) => isTree(next[name]));
      // Prefers objects and lists, or only the first levels would change.
      key = random.oneOf(inner.length > 0 && random.below(10) > 0 ? inner : keys);
    }
    const action = random.below(4);
    if (action === 0 && key !== 'root') delete within[key];
    else if (action === 1 && Array.isArray(within)) within.push(structuredClone(within[Number(key)]));
    else within[key] = structuredClone(random.oneOf(unusualValues));
  }
  return root.root;
}

/** Returns the bytes with some of them changed, removed, repeated or cut off. */
export function damaged(random: Random, bytes: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let times = 1 + random.below(4); times > 0 && result.length > 0; times--) {
    const at = random.below(result.length);
    const length = 1 + random.below(20);
    const change = random.below(4);
    if (change === 0) result[at] = random.below(256);
    else if (change === 1) result = Buffer.concat([result.subarray(0, at), result.subarray(at + length)]);
    else if (change === 2) result = Buffer.concat([result.subarray(0, at + length), result.subarray(at)]);
    else if (random.below(4) === 0) result = result.subarray(0, at);
  }
  return result;
}

/** Random bytes: any, or only characters of JSON syntax. */
export function noise(random: Random): Buffer {
  const letters = Buffer.from('{}[]",:\\ntrufalse0123456789.eE+- \u00e9');
  const isAny = random.below(2) === 0;
  return Buffer.from(
    Array.from({ length: random.below(400) }, () =>
      isAny ? random.below(256) : (letters[random.below(letters.length)] ?? 0),
    ),
  );
}
