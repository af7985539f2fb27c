import { describe, expect, it } from 'vitest';
import { positionOf } from '../../src/manifests/locate.ts';
import { readStream } from '../../src/manifests/yaml.ts';

const text = `# a comment
---
top: 1
list:
  - a
  - name: b
    empty:
  - {flow: x}
base: &base {name: c}
alias: *base
merged:
  <<: *base
  own: 2
"7": seven
`;

const stream = readStream(text);
const document = stream.ok ? stream.value[0] : undefined;
const at = (path: readonly PropertyKey[], spot: 'key' | 'value' = 'value'): string => {
  if (!document) throw new Error('no document');
  const { line, column } = positionOf(document, path, spot);
  return `${line}:${column}`;
};

describe('the position of a path in a document', () => {
  it.each([
    [['top'], '3:6'],
    [['list'], '4:1'],
    [['list', 0], '5:5'],
    [['list', 1], '6:5'],
    [['list', 1, 'name'], '6:11'],
    [['list', 1, 'empty'], '7:5'],
    [['list', 2, 'flow'], '8:12'],
    [['base', 'name'], '9:20'],
    [['merged', 'own'], '13:8'],
    [['7'], '14:6'],
  ])('%j: %s', (path, expected) => expect(at(path)).toBe(expected));

  it.each([
    [['top'], '3:1'],
    [['list', 1, 'name'], '6:5'],
    [['list', 2, 'flow'], '8:6'],
  ])('the key of %j: %s', (path, expected) => expect(at(path, 'key')).toBe(expected));

  it.each([
    ['a missing key, at its parent', ['list', 1, 'nothing', 'below'], '6:5'],
    ['an index out of range', ['list', 9], '4:1'],
    ['a key brought in by an alias', ['alias', 'name'], '10:1'],
    ['a key brought in by a merge key', ['merged', 'name'], '11:1'],
    ['a path below a scalar', ['top', 'below'], '3:1'],
    ['the empty path', [], '3:1'],
    ['an unknown key at the top', ['nothing'], '3:1'],
    ['an index in a map', [7], '3:1'],
  ])('%s', (_, path, expected) => expect(at(path)).toBe(expected));
});
