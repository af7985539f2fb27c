import { describe, expect, it } from 'vitest';
import { acceptsIn, expectationIn } from '../../../src/profiles/variables/list-values.ts';
import { catalogueWithParameter } from '../../support/fixtures.ts';

const list = (operation: object) => ({ environment: [{ name: 'L', value: 'a${p}', separator: ',', ...operation }] });
const merged = list({ operation: 'merge', assignment: '=', value: 'a=${p}' });

describe('a value that becomes a part of a list', () => {
  it.each<[string, string, object, boolean]>([
    ['plain', 'shop', merged, true],
    ['with the separator', 'shop,api', merged, false],
    ['with the assignment', 'a=b', merged, false],
    ['with the separator, appended', 'a,b', list({ operation: 'append' }), false],
    ['with the separator, prepended', 'a,b', list({ operation: 'prepend' }), false],
    ['with an assignment, appended', 'a=b', list({ operation: 'append' }), true],
    [
      'with both, as the whole of an item',
      'a=b,c',
      list({ operation: 'merge', assignment: '=', value: '${p},d=e' }),
      true,
    ],
    ['with both, in no list', 'a=b,c', { environment: [{ name: 'V', value: '${p}' }] }, true],
  ])('%s', (_, text, spec, expected) => {
    const { profile } = catalogueWithParameter({ type: 'word' }, spec);
    const parameter = profile.parameters.get('p');
    if (!parameter) throw new Error('no parameter');
    expect(acceptsIn(profile, parameter, text)).toBe(expected);
    if (!expected) expect(expectationIn(profile, parameter)).toContain('","');
  });
});
