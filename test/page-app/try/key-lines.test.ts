import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyLines, readKeyLines } from '../../../src/page-app/try/key-lines.ts';

const keys = fc.stringMatching(/^[a-z]{1,8}(?:\.io)?(?:\/[a-z]{1,8})?$/);
const values = fc.stringMatching(/^[A-Za-z0-9](?:[\w:/.=, -]{0,20}[A-Za-z0-9])?$/);

it('reads what it writes', () => {
  fc.assert(
    fc.property(fc.dictionary(keys, values), (record) => {
      expect(readKeyLines(keyLines(record))).toEqual({ ...record });
    }),
  );
});

it('reads lines as they are written in YAML and for kubectl', () => {
  expect(readKeyLines(' a/b:  "x: y" \n\n# c: d\nk=v\nurl: http://h:1\nno value\nempty:\n')).toEqual({
    'a/b': 'x: y',
    k: 'v',
    url: 'http://h:1',
    empty: '',
  });
});
