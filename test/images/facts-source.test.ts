import { describe, expect, it } from 'vitest';
import { IMAGE_FACTS_API_VERSION, IMAGE_FACTS_KIND, MAX_IMAGES, readImageFacts } from '../../src/api/image-facts.ts';
import { imageLookup } from '../../src/api/image-lookup.ts';
import { type FactsSource, imagesIn, readFactsTexts } from '../../src/images/facts-source.ts';
import { READ_AT, readImage } from '../support/image-facts.ts';

const entry = (image: string, rest: object = {}): object => ({
  image,
  digest: `sha256:${'a'.repeat(64)}`,
  read: '2026-12-01T00:00:00Z',
  platforms: ['linux/amd64'],
  ...rest,
});
const document = (...images: readonly object[]): string =>
  JSON.stringify({ apiVersion: IMAGE_FACTS_API_VERSION, kind: IMAGE_FACTS_KIND, images });

const usersOf = (source: FactsSource): readonly string[] =>
  imagesIn(source).map(({ name, facts: { user } }) => `${name}=${user}`);

describe('facts about images in texts', () => {
  it('may be YAML', () => {
    const text = `apiVersion: ${IMAGE_FACTS_API_VERSION}\nkind: ${IMAGE_FACTS_KIND}\nimages:\n  - ${JSON.stringify(entry('web:1'))}\n`;
    expect(usersOf(readFactsTexts({ a: text }))).toEqual(['web:1=']);
  });

  it('are read from each text', () => {
    const source = readFactsTexts({ a: document(entry('web:1', { user: 'a' })), b: document(entry('api:1')) });
    expect(usersOf(source)).toEqual(['web:1=a', 'api:1=']);
    expect(source.problems).toEqual([]);
  });

  it.each<[string, object]>([
    ['no digest', { digest: 'latest' }],
    ['no time', { read: 'today' }],
    ['an unknown field', { secret: 'x' }],
    ['a variable without a value', { variables: [{ name: 'NODE_OPTIONS' }] }],
    ['no platform', { platforms: [] }],
    ['another C library', { libc: { is: 'uclibc', by: 'a step' } }],
  ])('keep what an entry with %s said before, and name it', (_, fault) => {
    const before = readFactsTexts({ a: document(entry('web:1', { user: 'good' }), entry('api:1')) });
    const after = readFactsTexts({ a: document(entry('web:1', fault), entry('api:1', { user: 'new' })) }, before);
    expect(usersOf(after).toSorted()).toEqual(['api:1=new', 'web:1=good']);
    expect(after.problems).toHaveLength(1);
    expect(after.problems[0]).toContain('web:1');
  });

  it.each([
    ['is not YAML', '{'],
    ['is of another kind', 'kind: Pod'],
    ['is empty', ''],
  ])('keep all of a text that %s', (_, text) => {
    const before = readFactsTexts({ a: document(entry('web:1')) });
    const after = readFactsTexts({ a: text }, before);
    expect(usersOf(after)).toEqual(['web:1=']);
    expect(after.problems).toHaveLength(1);
  });

  it('go with their text', () => {
    const before = readFactsTexts({ a: document(entry('web:1')) });
    expect(imagesIn(readFactsTexts({}, before))).toEqual([]);
  });

  it('are bounded', () => {
    const many = Array.from({ length: MAX_IMAGES }, (_, index) => entry(`web:${index}`));
    const source = readFactsTexts({ a: document(...many), b: document(entry('api:1')) });
    expect(imagesIn(source)).toHaveLength(MAX_IMAGES);
    expect(source.problems).toHaveLength(1);
    expect(readImageFacts(JSON.parse(document(...many, entry('api:1')))).problems).toHaveLength(1);
    expect(readFactsTexts({ a: '#'.repeat(5 * 1024 * 1024) }).problems).toHaveLength(1);
    expect(readFactsTexts({ a: `#${'x'.repeat(70_000)}` }).problems).toHaveLength(1);
  });
});

describe('the lookup of facts', () => {
  const lookup = imageLookup([readImage('web:1', { user: 'web' })], { maxAgeMs: 10, now: () => READ_AT + 11 });
  const digest = `sha256:${'a'.repeat(64)}`;

  it('is by digest, in whatever repository, at any age', () => {
    expect(lookup(`mirror.example.com/web@${digest}`)).toMatchObject({ by: 'digest', facts: { user: 'web' } });
    expect(lookup(`web:2@${digest}`)).toMatchObject({ by: 'digest' });
    expect(lookup(`web@sha256:${'b'.repeat(64)}`)).toBeUndefined();
  });

  it('is by tag while it is young, with the defaults of Docker', () => {
    expect(lookup('docker.io/library/web:1')).toBe('outdated');
    expect(lookup('web:2')).toBeUndefined();
    const young = imageLookup([readImage('web:1')], { maxAgeMs: 10, now: () => READ_AT + 10 });
    expect(young('docker.io/library/web:1')).toMatchObject({ by: 'tag' });
  });

  it('takes the latest of several', () => {
    const later = { ...readImage('web:1', { user: 'later' }), readAt: READ_AT + 1 };
    const both = imageLookup([later, readImage('web:1')], { maxAgeMs: 10, now: () => READ_AT });
    expect(both('web:1')).toMatchObject({ facts: { user: 'later' } });
  });

  it('finds nothing for what is not an image', () => {
    expect(lookup('')).toBeUndefined();
    expect(lookup('Web:1')).toBeUndefined();
  });
});
