import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../src/cluster/client/types.ts';
import { namedSecret, type NamedSecret } from '../../src/cluster/secret-store.ts';
import { readBundles } from '../../src/cluster/webhook-configuration/entries.ts';
import { clientFor, json } from '../support/faulty-api.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly body: unknown;
}

let server: Server;
let client: KubeClient;
let secret: NamedSecret;
let seen: Seen[];
let answers: { readonly status: number; readonly body: unknown }[];

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
  client = await clientFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  secret = namedSecret(client, 'apm', 'tls');
});
afterEach(() => void server.close());

const stored = {
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'Opaque',
  metadata: { name: 'tls', resourceVersion: '7', labels: { team: 'a' } },
  data: { 'tls.crt': Buffer.from('cert').toString('base64'), odd: 5 },
};

describe('a Secret', () => {
  test('is read as text', async () => {
    answers.push({ status: 200, body: stored });
    expect(await secret.read()).toEqual({
      kind: 'found',
      type: 'Opaque',
      data: { 'tls.crt': 'cert' },
      version: '7',
    });
    expect(seen).toEqual([
      { method: 'GET', url: '/api/v1/namespaces/apm/secrets/tls', type: undefined, body: undefined },
    ]);
  });

  test('that does not exist is absent; any other error is a failure', async () => {
    answers.push({ status: 404, body: {} }, { status: 403, body: { message: 'forbidden' } });
    expect(await secret.read()).toEqual({ kind: 'absent' });
    expect(await secret.read()).toEqual({
      kind: 'failed',
      why: expect.stringMatching(/^Secret apm\/tls: .*403.*forbidden/),
    });
  });

  test('is updated with its version and the fields of other writers', async () => {
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

  test('is not updated before it was read', async () => {
    expect(await secret.update({}, '7')).toEqual({ kind: 'conflict' });
    expect(seen).toEqual([]);
  });
});

describe('caBundle', () => {
  test('is read from each entry', async () => {
    const webhooks = [
      { name: 'a', clientConfig: { caBundle: 'Q0E=' } },
      { name: 'b', clientConfig: {} },
    ];
    answers.push({ status: 200, body: { items: [{ webhooks }] } }, { status: 200, body: { items: [] } });
    expect(await readBundles(client, 'x')).toEqual({
      ok: true,
      value: [
        { entry: 'a', pem: 'CA' },
        { entry: 'b', pem: '' },
      ],
    });
    expect(await readBundles(client, 'x')).toMatchObject({ ok: false });
    expect(await readBundles(client, 'x')).toMatchObject({ ok: false });
  });
});
