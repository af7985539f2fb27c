import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadClient } from '../../../src/cluster/client/client.ts';
import { contextNames, contextNamespace } from '../../../src/cluster/client/credentials.ts';
import { json, kubeconfig, temporaryDirectory } from '../../support/faulty-api.ts';

const LIMITS = { timeoutMs: 2_000, maxBytes: 10_000 };

function fileOf(server: string, user: object): string {
  const file = join(temporaryDirectory(), 'config');
  writeFileSync(file, kubeconfig(server, { 'insecure-skip-tls-verify': true }, user));
  return file;
}

describe('a kubeconfig with auth-provider', () => {
  const config = { 'access-token': 'hunter2', 'id-token': 'hunter2', 'cmd-path': '/bin/false', expiry: '2020-01-01' };

  it.each(['gcp', 'azure', 'oidc', 'openstack', 'x\u001B[2J'])(
    '%s is refused, with what to use instead',
    async (name) => {
      const file = fileOf('https://127.0.0.1:1', { 'auth-provider': { name, config } });
      const error = await loadClient({ kubeconfig: file }).catch(String);
      expect(error).toContain(`${file}: `);
      expect(error).toMatch(/auth-provider.*exec/);
      expect(error).not.toContain('hunter2');
      expect(error).not.toContain('\u001B');
    },
  );

  it('and a token is refused all the same: which of both counts is not for us to guess', async () => {
    const file = fileOf('https://127.0.0.1:1', { token: 't', 'auth-provider': { name: 'gcp' } });
    await expect(loadClient({ kubeconfig: file })).rejects.toThrow('auth-provider');
  });

  it.each<[string, (token: string) => object]>([
    ['exec as its name', (command) => ({ name: 'exec', config: { exec: { command } } })],
    ['an exec', (command) => ({ name: 'x', config: { exec: { command } } })],
    ['a tokenFile', (command) => ({ name: 'x', config: { tokenFile: `${command}.token` } })],
  ])('with %s works', async (_, provider) => {
    const plugin = join(temporaryDirectory(), 'plugin');
    writeFileSync(plugin, `#!/bin/sh\necho '{"status":{"token":"secret"}}'\n`);
    chmodSync(plugin, 0o755);
    writeFileSync(`${plugin}.token`, 'secret');
    let seen: string | undefined;
    const server = createServer((request, response) => {
      seen = request.headers.authorization;
      json(response, {});
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = await loadClient({ kubeconfig: fileOf(address, { 'auth-provider': provider(plugin) }) });
    expect(await client?.getJson('/api', LIMITS)).toMatchObject({ kind: 'ok' });
    expect(seen).toBe('Bearer secret');
  });
});

describe('the context and the identity', () => {
  /** A server that tells who asks, and a kubeconfig with two contexts. */
  async function twoContexts(): Promise<{ readonly file: string; readonly seen: IncomingHttpHeaders[] }> {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      json(response, {});
    });
    server.on('upgrade', (request, socket) => {
      seen.push(request.headers);
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const file = join(temporaryDirectory(), 'config');
    const config = {
      clusters: [{ name: 'c', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
      users: ['one', 'two'].map((name) => ({ name, user: { token: name } })),
      contexts: [
        { name: 'first', context: { cluster: 'c', user: 'one', namespace: 'shop' } },
        { name: 'second', context: { cluster: 'c', user: 'two' } },
      ],
      'current-context': 'first',
    };
    writeFileSync(file, JSON.stringify(config));
    return { file, seen };
  }

  it('are those of the flags', async () => {
    const { file, seen } = await twoContexts();
    const identity = { context: 'second', as: 'jane', asGroup: ['dev', 'ops'] };
    const client = await loadClient({ kubeconfig: file, identity });
    expect(await client?.getJson('/api', LIMITS)).toMatchObject({ kind: 'ok' });
    expect(seen[0]).toMatchObject({
      authorization: 'Bearer two',
      'impersonate-user': 'jane',
      'impersonate-group': 'dev, ops',
    });
    const current = await loadClient({ kubeconfig: file });
    await current?.getJson('/api', LIMITS);
    expect(seen[1]).toMatchObject({ authorization: 'Bearer one' });
    expect(seen[1]).not.toHaveProperty('impersonate-user');
  });

  it('are also those of a command in a container', async () => {
    const { file, seen } = await twoContexts();
    const client = await loadClient({
      kubeconfig: file,
      identity: { context: 'second', as: 'jane', asGroup: ['dev'] },
    });
    const command = { namespace: 'shop', pod: 'web', container: 'app', command: ['ls'], ...LIMITS };
    expect(await client?.exec(command)).toMatchObject({ kind: 'http', status: 403 });
    expect(seen[0]).toMatchObject({
      authorization: 'Bearer two',
      'impersonate-user': 'jane',
      'impersonate-group': 'dev',
    });
  });

  it('give the namespace that kubectl would use', async () => {
    const { file } = await twoContexts();
    expect(await contextNames(file)).toEqual(['first', 'second']);
    expect(await contextNamespace(file, undefined)).toBe('shop');
    expect(await contextNamespace(file, 'second')).toBeUndefined();
    expect(await contextNamespace(`${file}.none`, undefined)).toBeUndefined();
    expect(await contextNamespace(undefined, undefined, temporaryDirectory())).toBeUndefined();
  });

  it('that do not exist are an error with the one that was meant', async () => {
    const { file } = await twoContexts();
    await expect(loadClient({ kubeconfig: file, identity: { context: 'secnd' } })).rejects.toThrow(
      /no context "secnd"; did you mean "second"/,
    );
  });
});
