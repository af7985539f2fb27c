import { describe, expect, it } from 'vitest';
import { reasonTable } from '../../../src/reasons/reason-table.ts';
import { AGENT_STATES } from '../../../src/api/agent-state.ts';
import { COLUMNS } from '../../../src/page-app/table/sorting.ts';
import { english } from '../../../src/page-app/texts/english.ts';
import { japanese } from '../../../src/page-app/texts/japanese.ts';
import { korean } from '../../../src/page-app/texts/korean.ts';
import { filled, languageFor, type Texts } from '../../../src/page-app/texts/texts.ts';
import { BREAKER_PHASES } from '../../../src/api/breaker.ts';
import { NEED_KINDS } from '../../../src/page/wire.ts';

const namesIn = (text: string): readonly string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).toSorted();

const languages: readonly (readonly [string, Texts, RegExp])[] = [
  ['Japanese', japanese, /[\u3040-\u30FF\u4E00-\u9FFF]/],
  ['Korean', korean, /[\uAC00-\uD7AF]/],
];

/** What is the same in every language: names of kinds. */
const NAMES = new Set(['from.target', 'from.cluster-target', 'screen.pod', 'column.pod', 'pod.pods', 'from.pod']);

describe.each(languages)('%s', (_, texts, script) => {
  it('has the texts of English, and no other', () => {
    expect(Object.keys(texts).toSorted()).toEqual(Object.keys(english).toSorted());
  });

  it.each(Object.entries(english))('%s has the same names in braces, and is translated', (key, text) => {
    const translated = Object.entries(texts).find(([one]) => one === key)?.[1] ?? '';
    expect(namesIn(translated)).toEqual(namesIn(text));
    expect(NAMES.has(key) || script.test(translated), translated).toBe(true);
  });
});

describe('terms', () => {
  it.each([
    ['need', NEED_KINDS],
    ['agent', AGENT_STATES],
    ['breaker', BREAKER_PHASES],
    ['column', COLUMNS],
    ['kind', [...new Set(Object.values(reasonTable).map(({ kind }) => kind))]],
    ['outcome', ['injected', 'skipped', 'refused']],
    ['from', ['container', 'pod', 'target', 'namespace', 'cluster-target', 'cluster', 'profile']],
    ['chain', ['wins', 'overridden', 'locked']],
    [
      'stage',
      [
        'opt-in',
        'containers',
        'compatibility',
        'parameters',
        'conflicts',
        'delivery',
        'files',
        'environment',
        'verify',
      ],
    ],
  ] as const)('of %s all have a text', (group, codes) => {
    expect(codes.filter((code) => !Object.hasOwn(english, `${group}.${code}`))).toEqual([]);
  });
});

describe('a text', () => {
  it('takes its values as they are, and leaves what it was not given', () => {
    expect(filled('{a} and {b}', { a: '{b}', b: '$&' })).toBe('{b} and $&');
    expect(filled('{toString} {a}', {})).toBe('{toString} {a}');
  });

  it.each([
    [['ja-JP', 'en'], 'ja'],
    [['de', 'ko-KR', 'en-US'], 'ko'],
    [['EN-gb'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
  ])('is in the first language of %j that there is: %s', (preferred, language) => {
    expect(languageFor(preferred)).toBe(language);
  });
});
