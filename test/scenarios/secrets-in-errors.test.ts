import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadClient } from '../../src/cluster/client/client.ts';
import { describeFailure } from '../../src/cluster/client/errors.ts';
import { namedSecret } from '../../src/cluster/secret-store.ts';
import { clientFor, kubeconfig, temporaryDirectory } from '../support/faulty-api.ts';

// Errors go to stderr and to the log. Their input does not: a kubeconfig holds tokens and keys, a Secret a private key.

const SECRET = 'hunter2topsecret';
const LIMITS = { timeoutMs: 2_000, maxBytes: 10_000 };

/** The text and the value of the error of a request with this kubeconfig. */
async function errorOf(text: string): Promise<string> {
  const file = join(temporaryDirectory(), 'config');
  writeFileSync(file, text);
  try {
    const client = await loadClient({ kubeconfig: file });
    const response = await client?.getJson('/api', LIMITS);
    if (!response || response.kind === 'ok') throw new Error('the request succeeded');
    return `${describeFailure(response)} ${JSON.stringify(response)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function plugin(script: string): object {
  const file = join(temporaryDirectory(), 'plugin');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: file } };
}

const unreachable = (user: object): string => kubeconfig('https://127.0.0.1:1', {}, user);
const whole = `apiVersion: v1\nusers:\n- name: me\n  user:\n    token: ${SECRET}\n`;

describe('no error has a secret of', () => {
  it.each<[string, () => string, string]>([
    ['a kubeconfig with an unclosed quote', () => whole.replace(SECRET, `"${SECRET}`), 'YAML (6:1)'],
    ['a kubeconfig with a wrong indentation', () => `${whole}   certificate: x\n`, 'YAML'],
    ['a kubeconfig with an undefined alias', () => whole.replace(SECRET, `*${SECRET}`), 'YAML'],
    [
      'a kubeconfig with a server without TLS, to which no token is sent',
      () => kubeconfig('http://127.0.0.1:1', {}, { token: SECRET }),
      'HTTP protocol is not allowed',
    ],
    ['a kubeconfig that is a plain text', () => SECRET, 'kubeconfig'],
    ['a token that no header can hold', () => unreachable({ token: `${SECRET}\u0001${SECRET}` }), 'Authorization'],
    [
      'an invalid key',
      () =>
        unreachable({ 'client-key-data': Buffer.from(SECRET).toString('base64'), 'client-certificate-data': 'eA==' }),
      '',
    ],
    ['an exec plugin that prints a bare token', () => unreachable(plugin(`echo ${SECRET}`)), 'JSON'],
    [
      'an exec plugin that prints broken JSON',
      () => unreachable(plugin(`echo '{"status": {"token": ${SECRET}}}'`)),
      'JSON',
    ],
    [
      'an exec plugin that prints another object',
      () => unreachable(plugin(`echo '{"token": "${SECRET}"}'`)),
      'credentials',
    ],
    [
      'an exec plugin that fails and prints its request',
      () => unreachable(plugin(`printf 'access denied\\nAuthorization: ${SECRET}\\n' >&2; exit 1`)),
      'access denied',
    ],
  ])('%s', async (_, text, fact) => {
    const error = await errorOf(text());
    expect(error).toContain(fact);
    expect(error).not.toMatch(new RegExp(`hunter2|${Buffer.from(SECRET).toString('base64')}`));
    expect(error.split('\n')).toHaveLength(1);
  });

  it('a Secret that cannot be written, and the error is one bounded line whatever the API server answers', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => bodies.push(chunk));
      request.on('end', () => {
        if (request.method === 'GET') {
          response.end(JSON.stringify({ metadata: { resourceVersion: '1' } }));
          return;
        }
        response.writeHead(422, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ kind: 'Status', reason: 'Invalid', message: `no:\n${'x'.repeat(50_000)}` }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const client = await clientFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const secret = namedSecret(client, 'a', 'b');
    await secret.read();
    const written = await secret.update({ 'tls.key': SECRET }, '1');
    expect(bodies.join('')).toContain(Buffer.from(SECRET).toString('base64'));
    expect(written).toMatchObject({
      kind: 'failed',
      why: expect.stringMatching(/^Secret a\/b: .*422: no: x+…$/),
    });
    expect(JSON.stringify(written)).not.toContain('hunter2');
    expect(JSON.stringify(written).length).toBeLessThan(700);
  });
});

it('the secret path of the webhook is not in what an API server says about a failed call', () => {
  const secret = '0123456789abcdef'.repeat(2);
  const message = `failed to call webhook: Post "https://a.b.svc:443/mutate/required/${secret}?timeout=5s": EOF`;
  const text = describeFailure({ kind: 'http', status: 500, reason: 'InternalError', message, retryAfterMs: 0 });
  expect(text).toContain('https://a.b.svc:443/mutate/required/');
  expect(text).not.toContain(secret);
});
