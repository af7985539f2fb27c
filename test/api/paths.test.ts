import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWebhookPath, webhookPath, withoutPathSecrets } from '../../src/api/paths.ts';

const secret = 'abcdefghijklmnopqrstuvwxyz';

describe('a path of the webhook port', () => {
  it.each([
    ['/mutate', { required: false, secret: undefined }],
    ['/mutate/required', { required: true, secret: undefined }],
    [`/mutate/${secret}`, { required: false, secret }],
    [`/mutate/required/${secret}`, { required: true, secret }],
  ])('%s is read and written', (path, parsed) => {
    expect(parseWebhookPath(path)).toEqual(parsed);
    expect(webhookPath(parsed)).toBe(path);
  });

  it.each([
    '',
    '/',
    'mutate',
    '/mutate/',
    '/mutate/x',
    '/mutate/required/',
    `/mutate/${secret.slice(1)}`,
    `/mutate/${secret.toUpperCase()}`,
    `/mutate/${secret}/`,
    `/mutate/${secret}/required`,
    `/mutate/${secret}-${secret}`,
    `/mutate/${secret}${secret}${secret}`,
    `/mutate//${secret}`,
    ` /mutate`,
    `/mutate\n`,
  ])('%j is none', (path) => {
    expect(parseWebhookPath(path)).toBeUndefined();
  });

  it('of any kind and secret is read as it was written', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.stringMatching(/^[a-z0-9]{26,63}$/), (required, text) => {
        for (const given of [
          { required, secret: text },
          { required, secret: undefined },
        ])
          expect(parseWebhookPath(webhookPath(given))).toEqual(given);
      }),
    );
  });
});

it('a secret is removed from the messages of an API server', () => {
  const message = (path: string): string => `failed to call webhook: Post "https://a.b.svc:443${path}?timeout=5s": EOF`;
  for (const plain of ['/mutate', '/mutate/required']) {
    expect(withoutPathSecrets(message(`${plain}/${secret}`))).toBe(message(`${plain}/…`));
    expect(withoutPathSecrets(message(plain))).toBe(message(plain));
  }
});
