/** Numbers that look random and are the same each time (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 up to, and without, the limit. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const odd: readonly unknown[] = [
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

/** JSON in which a value somewhere is another one, is gone, or stands twice. The value given is not written to. */
export function mutated(dice: Dice, value: unknown): unknown {
  const root = { root: structuredClone(value) };
  for (let times = 1 + dice.below(3); times > 0; times--) {
    let within: Tree = root;
    let key = 'root';
    // Deeper and deeper, until chance or a leaf ends it.
    for (;;) {
      const next = within[key];
      if (!isTree(next) || Object.keys(next).length === 0 || (key !== 'root' && dice.below(12) === 0)) break;
      within = next;
      const keys = Object.keys(next);
      const inner = keys.filter((name) => isTree(next[name]));
      // Mostly into what has more in it: else the first level would be all that is ever changed.
      key = dice.one(inner.length > 0 && dice.below(10) > 0 ? inner : keys);
    }
    const action = dice.below(4);
    if (action === 0 && key !== 'root') delete within[key];
    else if (action === 1 && Array.isArray(within)) within.push(structuredClone(within[Number(key)]));
    else within[key] = structuredClone(dice.one(odd));
  }
  return root.root;
}

/** The bytes with a few of them changed, left out, doubled, or with the end cut off. */
export function damaged(dice: Dice, bytes: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let times = 1 + dice.below(4); times > 0 && result.length > 0; times--) {
    const at = dice.below(result.length);
    const length = 1 + dice.below(20);
    const change = dice.below(4);
    if (change === 0) result[at] = dice.below(256);
    else if (change === 1) result = Buffer.concat([result.subarray(0, at), result.subarray(at + length)]);
    else if (change === 2) result = Buffer.concat([result.subarray(0, at + length), result.subarray(at)]);
    else if (dice.below(4) === 0) result = result.subarray(0, at);
  }
  return result;
}

/** Bytes of no meaning: any, or those that JSON is written with. */
export function noise(dice: Dice): Buffer {
  const letters = Buffer.from('{}[]",:\\ntrufalse0123456789.eE+- \u00e9');
  const isAny = dice.below(2) === 0;
  return Buffer.from(
    Array.from({ length: dice.below(400) }, () =>
      isAny ? dice.below(256) : (letters[dice.below(letters.length)] ?? 0),
    ),
  );
}
