import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/lib/json.ts';
import { readStream } from '../../src/manifests/yaml.ts';

/** The value of the text's first document; undefined where the text cannot be read. */
function valueOf(text: string): Json | undefined {
  const read = readStream(text);
  return read.ok ? (read.value[0]?.json ?? null) : undefined;
}

/**
 * Expected values are those that YAMLToJSON of sigs.k8s.io/yaml v1.6.0 (go.yaml.in/yaml/v2 v2.4.2) returns, read back by JSON.parse; undefined
 * where it returns an error.
 */
const scalars: readonly (readonly [text: string, value: Json | undefined])[] = [
  ...[
    'e1',
    'E5',
    'e-2',
    'e+2',
    '.',
    '_1',
    '1:30',
    '190:20:30',
    'yEs',
    'oN',
    'tRue',
    'nUll',
    '.iNF',
    'NaN',
    '1.2.3',
    '<<',
    '=',
  ]
    .concat(
      '2026-01-01',
      '2026-01-01T10:00:00Z',
      '0xfffffffffffffffff',
      '1e400',
      '1,000',
      '1m',
      '100Mi',
      '.1_',
      '0x1.8p1',
    )
    .map((text) => [text, text] as const),
  ...['yes', 'Yes', 'YES', 'on', 'On', 'y', 'Y', 'true', 'TRUE'].map((text) => [text, true] as const),
  ...['no', 'off', 'n', 'N', 'false'].map((text) => [text, false] as const),
  ...['~', 'null', 'NULL', ''].map((text) => [text, null] as const),
  ...['.inf', '-.INF', '.nan'].map((text) => [text, undefined] as const),
  ['1e3', 1000],
  ['1E3', 1000],
  ['1e-3', 0.001],
  ['.5', 0.5],
  ['-.5', -0.5],
  ['5.', 5],
  ['5.e1', 50],
  ['0644', 420],
  ['0o644', 420],
  ['0O17', 15],
  ['0x1F', 31],
  ['0X1f', 31],
  ['0b101', 5],
  ['0B11', 3],
  ['08', 8],
  ['078', 78],
  ['-010', -8],
  ['+010', 8],
  ['1_000', 1000],
  ['1_', 1],
  ['0x_1F', 31],
  ['.5_0', 0.5],
  ['0.1e1_0', 1_000_000_000],
  ['+1', 1],
  ['-0', 0],
  ['00', 0],
  ['1.0', 1],
  ['1.10', 1.1],
  ['18446744073709551615', 18_446_744_073_709_552_000],
  ['"e2"', 'e2'],
  ["'yes'", 'yes'],
  ['"0644"', '0644'],
  ['!!str 1', '1'],
  ['!!str yes', 'yes'],
  ['!!int "5"', 5],
  ['!!int 0644', 420],
  ['!!int abc', undefined],
  ['!!float 5', 5],
  ['!!bool "yes"', true],
  ['!!null ""', null],
  ['! 1', '1'],
  ['!other 1', '1'],
  ['!!timestamp 2026-01-01', '2026-01-01'],
];

const keys: readonly (readonly [text: string, key: string | undefined])[] = [
  ['e1', 'e1'],
  ['yes', 'true'],
  ['"yes"', 'yes'],
  ['1', '1'],
  ['0644', '420'],
  ['"0644"', '0644'],
  ['1.5', '1.5'],
  ['2026-01-01', '2026-01-01'],
  ['1:30', '1:30'],
  ['"<<"', '<<'],
  ['~', undefined],
  ['null', undefined],
  ['? [a]\n', undefined],
];

const documents: readonly (readonly [text: string, value: Json | undefined])[] = [
  ['', null],
  ['# comment\n', null],
  ['---\n', null],
  ['e1\n', 'e1'],
  ['a: |\n  e2\n', { a: 'e2\n' }],
  ['a: 1\n 2\n', { a: '1 2' }],
  ['{"a":1,"b":[e2]}\n', { a: 1, b: ['e2'] }],
  ['{a, b: 1}\n', { a: null, b: 1 }],
  ['a:\n- 1\n', { a: [1] }],
  ['a: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
  ['\uFEFFa: 1\n', { a: 1 }],
  ['a: &x {q: 1}\nb: *x\n', { a: { q: 1 }, b: { q: 1 } }],
  ['a: &x 1\nb: &x 2\nc: *x\n', { a: 1, b: 2, c: 2 }],
  ['on: &x {a: [1]}\n8080: *x\nm: {<<: *x, b: 2}\n', { true: { a: [1] }, 8080: { a: [1] }, m: { a: [1], b: 2 } }],
  ['b: *x\n', undefined],
  ['a: &x {q: 1}\nb:\n  <<: *x\n  q: 2\n', { a: { q: 1 }, b: { q: 2 } }],
  ['a: &x {q: 1}\nb:\n  q: 2\n  <<: *x\n', { a: { q: 1 }, b: { q: 1 } }],
  ['a: &x {q: 1}\nb: &y {q: 2, r: 3}\nc:\n  <<: [*x, *y]\n', { a: { q: 1 }, b: { q: 2, r: 3 }, c: { q: 1, r: 3 } }],
  ['b:\n  <<: 1\n', undefined],
  ['a:\tb\n', { a: 'b' }],
  ['a: b\t\n', { a: 'b' }],
  ['a:\n\tb: 1\n', undefined],
  ['a:\n  - 1\n\t- 2\n', undefined],
  ['a: b: c\n', undefined],
  ['a: @b\n', undefined],
];

describe('YAML as sigs.k8s.io/yaml reads it', () => {
  it.each(scalars)('scalar %j', (text, value) => {
    expect([valueOf(`v: ${text}\n`), valueOf(`v:\n  - ${text}\n`)]).toEqual(
      value === undefined ? [undefined, undefined] : [{ v: value }, { v: [value] }],
    );
  });

  it.each(keys)('key %j', (text, key) => {
    expect(valueOf(`${text}: x\n`)).toEqual(key === undefined ? undefined : { [key]: 'x' });
  });

  it.each(documents)('document %j', (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });
});

describe('what is refused although sigs.k8s.io/yaml reads it', () => {
  it.each(['a: 1\na: 2\n', 'yes: 1\n"true": 2\n', '0x1: a\n1: b\n'])('a duplicate key: %j', (text) => {
    expect(valueOf(text)).toBeUndefined();
  });

  it.each(['a: !!binary aGk=\n', 'a: &x b\n*x : 1\n'])('binary data, and an alias as a key: %j', (text) => {
    expect(valueOf(text)).toBeUndefined();
  });
});
