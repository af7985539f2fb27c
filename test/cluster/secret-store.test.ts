import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadClient } from '../../src/cluster/client/client.ts';
import { namedSecret, type NamedSecret } from '../../src/cluster/secret-store.ts';
import { readBundles } from '../../src/cluster/webhook-configuration/entries.ts';
import { json, kubeconfig, temporaryDirectory } from '../support/faulty-api.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly body: unknown;
}

let server: Server;
let secret: NamedSecret;
let seen: Seen[];
let answers: { readonly status: number; readonly body: unknown }[];
const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function cluster() {
  const file = join(temporaryDirectory(), 'kubeconfig');
  writeFileSync(file, kubeconfig(url(), { 'insecure-skip-tls-verify': true }, { token: 'secret' }));
  const loaded = await loadClient({ kubeconfig: file });
  if (!loaded) throw new Error('no cluster');
  return loaded;
}
beforeEach(async () => {
  seen = [];
  answers = [];
  server = createServer((request: IncomingMessage, response) => {
    void (async () => {
      const { method, url: path, headers } = request;
      const body = headers['content-length'] === undefined ? undefined : await readJson(request);
      seen.push({ method, url: path, type: headers['content-type'], body });
      const next = answers.shift() ?? { status: 500, body: {} };
      json(response, next.body, next.status);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  secret = namedSecret(await cluster(), 'apm', 'tls');
});
afterEach(() => void server.close());

const stored = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'tls', resourceVersion: '7', labels: { team: 'a' } },
  data: { 'tls.crt': Buffer.from('cert').toString('base64'), odd: 5 },
};

describe('a Secret', () => {
  test('is read as text', async () => {
    answers.push({ status: 200, body: stored });
    expect(await secret.read()).toEqual({ kind: 'found', data: { 'tls.crt': 'cert' }, version: '7' });
    expect(seen).toEqual([
      { method: 'GET', url: '/api/v1/namespaces/apm/secrets/tls', type: undefined, body: undefined },
    ]);
  });

  test('that is not there is no failure; what else is answered is', async () => {
    answers.push({ status: 404, body: {} }, { status: 403, body: { message: 'forbidden' } });
    expect(await secret.read()).toEqual({ kind: 'absent' });
    expect(await secret.read()).toEqual({
      kind: 'failed',
      why: 'Secret apm/tls: the API server answered 403: forbidden',
    });
  });

  test('is created, and 409 is a conflict', async () => {
    answers.push({ status: 201, body: stored }, { status: 409, body: { reason: 'AlreadyExists' } });
    expect(await secret.create({ 'tls.crt': 'cert' })).toEqual({ kind: 'done' });
    expect(await secret.create({ 'tls.crt': 'cert' })).toEqual({ kind: 'conflict' });
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/api/v1/namespaces/apm/secrets?fieldManager=agent-injector',
      type: 'application/json',
      body: { kind: 'Secret', metadata: { name: 'tls' }, data: { 'tls.crt': 'Y2VydA==' } },
    });
  });

  test('is updated whole, with its version and what others put on it', async () => {
    answers.push({ status: 200, body: stored }, { status: 200, body: stored });
    await secret.read();
    expect(await secret.update({ 'tls.crt': 'new' }, '7')).toEqual({ kind: 'done' });
    expect(seen[1]).toMatchObject({
      method: 'PUT',
      url: '/api/v1/namespaces/apm/secrets/tls?fieldManager=agent-injector',
      body: { ...stored, data: { 'tls.crt': Buffer.from('new').toString('base64') } },
    });
  });

  test.each([
    [{ status: 409, body: { reason: 'Conflict' } }, { kind: 'conflict' }],
    [{ status: 404, body: { reason: 'NotFound', message: 'secrets "tls" not found' } }, { kind: 'conflict' }],
    [
      { status: 422, body: { message: 'immutable' } },
      { kind: 'failed', why: expect.stringContaining('immutable') },
    ],
  ])('whose update is answered %j', async (answer, expected) => {
    answers.push({ status: 200, body: stored }, answer);
    await secret.read();
    expect(await secret.update({}, '7')).toEqual(expected);
  });

  test('is not updated by what was never read', async () => {
    expect(await secret.update({}, '7')).toEqual({ kind: 'conflict' });
    expect(seen).toEqual([]);
  });
});

describe('caBundle', () => {
  test('is read of each entry', async () => {
    const webhooks = [
      { name: 'a', clientConfig: { caBundle: 'Q0E=' } },
      { name: 'b', clientConfig: {} },
    ];
    answers.push({ status: 200, body: { items: [{ webhooks }] } }, { status: 200, body: { items: [] } });
    expect(await readBundles(await cluster(), 'x')).toEqual({
      kind: 'found',
      bundles: [
        { entry: 'a', pem: 'CA' },
        { entry: 'b', pem: '' },
      ],
    });
    expect(await readBundles(await cluster(), 'x')).toEqual({
      kind: 'failed',
      why: 'there is no MutatingWebhookConfiguration x',
    });
    expect(await readBundles(await cluster(), 'x')).toMatchObject({ kind: 'failed' });
  });
});
