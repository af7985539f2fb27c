import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readReviewKey, type ReviewKey } from '../../../src/webhook/answer-cache/review-key.ts';

const recorded = readFileSync(join(import.meta.dirname, '../../e2e/recorded-sample.json'), 'utf8');
const text = JSON.stringify(JSON.parse(recorded));
const uid = '36bd2b26-4c53-4b50-a445-5821ce5d7a2c';
const volume = 'kube-api-access-6bd4m';

/** The recorded text with a replacement. */
const changed = (from: string, to: string): string => {
  const made = text.replaceAll(from, to);
  expect(made).not.toBe(text);
  return made;
};
const keyOf = (review: string): ReviewKey | undefined => readReviewKey(Buffer.from(review, 'latin1'));
const templateOf = (review: string): string | undefined => keyOf(review)?.template;

describe('the key of a review', () => {
  it('has the uid, and a template without it', () => {
    const key = keyOf(text);
    expect(key).toMatchObject({ uid, volume });
    expect(key?.template).not.toContain(uid);
  });

  it.each([
    ['another uid', uid, 'f0e1d2c3-4c53-4b50-a445-000000000000'],
    ['another time', '2026-11-20T12:14:59Z', '2027-01-01T00:00:00Z'],
    ['another volume of the service account', volume, 'kube-api-access-zz999'],
  ])('has the same template with %s', (_, from, to) => {
    expect(templateOf(changed(from, to))).toBe(templateOf(text));
  });

  it.each([
    ['another namespace', '"namespace":"net-sample"', '"namespace":"shop"'],
    ['another image', 'net-razor31-sample:latest', 'net-razor31-sample:2'],
    ['a dry run', '"dryRun":false', '"dryRun":true'],
    ['another user', '"username":"admin"', '"username":"other"'],
    ['another time in an annotation', '"labels":{', '"annotations":{"when":"2026-11-20T12:14:59Z"},"labels":{'],
    ['an invalid time', '"time":"2026-11-20T12:14:59Z"', '"time":"2026-11-20T12:14:59+"'],
    ['a volume named by hand', volume, 'kube-api-access-mine'],
    ['a quoted end of the name', volume, 'kube-api-access-a\\"b'],
  ])('has another template with %s', (_, from, to) => {
    expect(templateOf(changed(from, to))).not.toBe(templateOf(text));
  });

  it('keeps the names of volumes in the template if there are two', () => {
    const two = text.replace(`"mountPath"`, `"subPath":"kube-api-access-aaaaa","mountPath"`);
    expect(keyOf(two)?.volume).toBeUndefined();
    expect(templateOf(two)).not.toBe(templateOf(text.replace(`"mountPath"`, `"subPath":"${volume}","mountPath"`)));
  });

  it.each([
    ['nothing', ''],
    [
      'fields in another order',
      JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: {} }),
    ],
    ['white space', recorded],
    ['a uid that needs escapes', text.replace(uid, '\\u0041')],
    ['no uid', text.replace(uid, '')],
    ['a uid of a thousand characters', text.replace(uid, 'a'.repeat(1000))],
    ['an end within the uid', text.slice(0, text.indexOf(uid) + 8)],
    ['a body of 300 KB', text + ' '.repeat(300_000)],
  ])('is undefined for %s', (_, given) => {
    expect(keyOf(given)).toBeUndefined();
  });
});

// The answer cache relies on this: two texts with the same template are equal, except for the uid, the times and the name of the volume.
describe('two texts with the same template', () => {
  const part = fc.constantFrom(
    'kube-api-access-aaaaa',
    'kube-api-access-bbbbb',
    'kube-api-access-',
    'kube-api-access-a","b',
    '"time":"2026-11-20T12:14:59Z"',
    '"time":"2027-11-20T12:14:59Z"',
    '\\"time\\":\\"2026-11-20T12:14:59Z\\"',
    'x',
    '"',
    ',',
  );
  const rest = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
  const head = text.slice(0, text.indexOf(uid));
  const renamed = (given: string, from: string | undefined, to: string | undefined): string =>
    (from === undefined || to === undefined ? given : given.replaceAll(from, to)).replaceAll(
      /"time":"\d{4}-/g,
      '"time":"0000-',
    );

  it('differ in nothing else', () => {
    fc.assert(
      fc.property(rest, rest, (one, other) => {
        const [a, b] = [keyOf(`${head}${uid}"${one}`), keyOf(`${head}${uid}"${other}`)];
        if (a?.template !== b?.template) return;
        expect(renamed(one, a?.volume, b?.volume)).toBe(renamed(other, undefined, undefined));
      }),
      { numRuns: 20_000 },
    );
  });
});
