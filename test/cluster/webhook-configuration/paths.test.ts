import { describe, expect, test } from 'vitest';
import { pathsIn, pathToWrite } from '../../../src/cluster/webhook-configuration/paths.ts';
import type { JsonObject } from '../../../src/lib/json.ts';

const service = { name: 'agent-injector', namespace: 'apm' };
const PLAIN = ['/mutate', '/mutate/required'];
const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

const calling = (path: string | undefined, more: JsonObject = {}): JsonObject => ({
  clientConfig: { service: { ...service, ...(path !== undefined && { path }) }, caBundle: 'eA==', ...more },
});
const url = { clientConfig: { url: 'https://proxy.example/mutate' } };
const other = { clientConfig: { service: { ...service, name: 'proxy', path: '/x' } } };
const configuration = (webhooks: readonly JsonObject[], mode?: string): JsonObject => ({
  metadata: { annotations: mode === undefined ? {} : { 'agent-injector.io/webhook-path': mode } },
  webhooks,
});

describe('the paths on which calls can arrive', () => {
  test.each([
    ['plain ones and what is shown, without the annotation', undefined, [calling(`/mutate/${A}`)], `/mutate/${A}`],
    ['the same for another value of it', 'plain', [calling(`/mutate/${A}`)], `/mutate/${A}`],
  ])('are %s', (_, mode, webhooks, shown) => {
    expect(pathsIn(configuration(webhooks, mode), service)).toEqual([...PLAIN, shown]);
  });

  test.each([
    ['the shown ones', [calling(`/mutate/${A}`), calling(`/mutate/${A}`)], [`/mutate/${A}`]],
    [
      'one plain path, while it is shown',
      [calling('/mutate'), calling(`/mutate/required/${B}`)],
      ['/mutate', `/mutate/required/${B}`],
    ],
    ['none of entries without a path or with that of something else', [calling(undefined), calling('/x')], []],
    ['plain ones, too, if an entry calls a URL', [calling(`/mutate/${A}`), url], [...PLAIN, `/mutate/${A}`]],
    [
      'plain ones, too, if an entry calls another Service',
      [calling(`/mutate/${A}`), other],
      [...PLAIN, `/mutate/${A}`],
    ],
  ])('with a secret are %s', (_, webhooks, paths) => {
    expect(pathsIn(configuration(webhooks, 'secret'), service)).toEqual(paths);
  });
});

describe('the path to write', () => {
  const required = { namespaceSelector: { matchLabels: { 'agent-injector.io/injection': 'required' } } };
  const write = (entry: JsonObject, secret: string | undefined, isKnownEverywhere = true): string | undefined =>
    pathToWrite(entry, service, { secret, isKnownEverywhere });

  test.each([
    ['a missing path', calling(undefined), `/mutate/${A}`, '/mutate'],
    [
      'a missing path for required pods',
      { ...calling(undefined), ...required },
      `/mutate/required/${A}`,
      '/mutate/required',
    ],
    ['a plain path', calling('/mutate'), `/mutate/${A}`, undefined],
    ['a plain path for required pods', calling('/mutate/required'), `/mutate/required/${A}`, undefined],
    ['another secret', calling(`/mutate/${B}`), `/mutate/${A}`, '/mutate'],
    ['the secret', calling(`/mutate/required/${A}`), undefined, '/mutate/required'],
    [
      'an entry for required pods that calls the other path',
      { ...calling('/mutate'), ...required },
      `/mutate/${A}`,
      undefined,
    ],
    ['any other path', calling('/behind/a/proxy'), undefined, undefined],
    ['a URL', url, undefined, undefined],
    ['another Service', other, undefined, undefined],
  ])('in the place of %s', (_, entry, withSecret, plain) => {
    expect([write(entry, A), write(entry, undefined)]).toEqual([withSecret, plain]);
  });

  test('is not one that a replica may not know, unless the entry cannot be called yet', () => {
    expect(write(calling('/mutate'), A, false)).toBeUndefined();
    expect(write(calling(`/mutate/${B}`), A, false)).toBeUndefined();
    expect(write(calling('/mutate', { caBundle: '' }), A, false)).toBe(`/mutate/${A}`);
    expect(write(calling(undefined), A, false)).toBe(`/mutate/${A}`);
  });
});
