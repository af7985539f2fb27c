import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countChanges, folded, sideBySide } from '../../../src/page-app/diff/line-diff.ts';

const texts = fc
  .array(fc.constantFrom('a: 1', 'b: 2', '', '  c: 3', 'd'), { maxLength: 30 })
  .map((lines) => lines.map((line) => `${line}\n`).join(''));

describe('the diff', () => {
  it('has every line of both texts, in order, with its number', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const rows = sideBySide(before, after);
        for (const [side, text] of [
          ['before', before],
          ['after', after],
        ] as const) {
          const lines = rows.flatMap((row) => row[side] ?? []);
          expect(lines.map((line) => `${line.text}\n`).join('')).toBe(text);
          expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
        }
        for (const { kind, before: old, after: now } of rows) {
          expect(kind === 'same').toBe(
            old !== undefined && now !== undefined && old.text === now.text && kind !== 'changed',
          );
        }
      }),
    );
  });

  it('puts the lines that replace one another side by side', () => {
    const rows = sideBySide('a\nold\nz\n', 'a\nnew\nmore\nz\n');
    expect(rows.map(({ kind, before, after }) => [kind, before?.text, after?.text])).toEqual([
      ['same', 'a', 'a'],
      ['changed', 'old', 'new'],
      ['added', undefined, 'more'],
      ['same', 'z', 'z'],
    ]);
    expect(countChanges(rows)).toEqual({ added: 2, removed: 1 });
  });

  it('is folded away from the changes, and loses nothing by that', () => {
    const many = Array.from({ length: 40 }, (_, index) => `line ${index}\n`);
    const rows = sideBySide(many.join(''), many.with(20, 'other\n').join(''));
    const parts = folded(rows);
    expect(parts.map(({ isFolded, rows: some }) => [isFolded, some.length])).toEqual([
      [true, 17],
      [false, 7],
      [true, 16],
    ]);
    expect(parts.flatMap(({ rows: some }) => some)).toEqual(rows);
  });

  it('has no fold for one or two lines, which would take as much room', () => {
    const lines = ['x\n', ...Array.from({ length: 7 }, () => 'a\n'), 'y\n'];
    const rows = sideBySide(lines.join(''), lines.with(0, 'X\n').with(8, 'Y\n').join(''));
    expect(folded(rows).every(({ isFolded }) => !isFolded)).toBe(true);
  });
});
