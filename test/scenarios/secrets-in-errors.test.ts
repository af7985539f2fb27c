import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadClient } from '../../src/cluster/client/client.ts';
import { describeFailure } from '../../src/cluster/client/errors.ts';
import { namedSecret } from '../../src/cluster/secret-store.ts';
import { kubeconfig, temporaryDirectory } from '../support/faulty-api.ts';

// What goes wrong is said on stderr and in the log. What it went wrong with is not: a kubeconfig holds tokens and keys, a Secret a private key.

const SECRET = 'hunter2topsecret';
const LIMITS = { timeoutMs: 2_000, maxBytes: 10_000 };

/** Everything that is said of a request by this kubeconfig. */
async function saidOf(text: string): Promise<string> {
  const file = join(temporaryDirectory(), 'config');
  writeFileSync(file, text);
  try {
    const cluster = await loadClient({ kubeconfig: file });
    const answer = await cluster?.getJson('/api', LIMITS);
    if (!answer || answer.kind === 'ok') throw new Error('it went well');
    return `${describeFailure(answer)} ${JSON.stringify(answer)}`;
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

const away = (user: object): string => kubeconfig('https://127.0.0.1:1', {}, user);
const whole = `apiVersion: v1\nusers:\n- name: me\n  user:\n    token: ${SECRET}\n`;

describe('nothing secret is in what is said of', () => {
  it.each<[string, () => string, string]>([
    ['a kubeconfig with a quote that is not closed', () => whole.replace(SECRET, `"${SECRET}`), 'it is no YAML (6:1)'],
    ['one that is indented wrongly', () => `${whole}   certificate: x\n`, 'it is no YAML'],
    ['one with an alias that nobody defined', () => whole.replace(SECRET, `*${SECRET}`), 'it is no YAML'],
    [
      'a server without TLS, to which no token is sent',
      () => kubeconfig('http://127.0.0.1:1', {}, { token: SECRET }),
      'HTTP protocol is not allowed',
    ],
    ['one that is but a text', () => SECRET, 'kubeconfig'],
    ['a token that no header may hold', () => away({ token: `${SECRET}\u0001${SECRET}` }), 'Authorization'],
    [
      'a key that is none',
      () => away({ 'client-key-data': Buffer.from(SECRET).toString('base64'), 'client-certificate-data': 'eA==' }),
      '',
    ],
    [
      'an exec plugin that prints a bare token',
      () => away(plugin(`echo ${SECRET}`)),
      'the exec plugin printed is no JSON',
    ],
    [
      'an exec plugin that prints broken JSON',
      () => away(plugin(`echo '{"status": {"token": ${SECRET}}}'`)),
      'is no JSON',
    ],
    ['an exec plugin that prints something else', () => away(plugin(`echo '{"token": "${SECRET}"}'`)), 'credentials'],
    [
      'an exec plugin that fails, and dumps what it sent below',
      () => away(plugin(`printf 'access denied\\nAuthorization: ${SECRET}\\n' >&2; exit 1`)),
      'access denied',
    ],
  ])('%s', async (_, text, says) => {
    const said = await saidOf(text());
    expect(said).toContain(says);
    expect(said).not.toMatch(new RegExp(`hunter2|${Buffer.from(SECRET).toString('base64')}`));
    expect(said.split('\n')).toHaveLength(1);
  });

  it('a Secret that cannot be written, whatever the API server says of it, is bounded and one line', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => bodies.push(chunk));
      request.on('end', () => {
        response.writeHead(422, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ kind: 'Status', reason: 'Invalid', message: `no:\n${'x'.repeat(50_000)}` }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const file = join(temporaryDirectory(), 'config');
    writeFileSync(
      file,
      kubeconfig(
        `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        { 'insecure-skip-tls-verify': true },
        { token: SECRET },
      ),
    );
    const cluster = await loadClient({ kubeconfig: file });
    if (!cluster) throw new Error('no cluster');
    const written = await namedSecret(cluster, 'a', 'b').create({ 'tls.key': SECRET });
    expect(bodies.join('')).toContain(Buffer.from(SECRET).toString('base64'));
    expect(written).toMatchObject({
      kind: 'failed',
      why: expect.stringMatching(/^Secret a\/b: the API server answered 422: no: x+…$/),
    });
    expect(JSON.stringify(written)).not.toContain('hunter2');
    expect(JSON.stringify(written).length).toBeLessThan(700);
  });
});
