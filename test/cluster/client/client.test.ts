import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../../src/lib/json.ts';
import { loadClient } from '../../../src/cluster/client/client.ts';
import type { KubeClient } from '../../../src/cluster/client/types.ts';
import { describeFailure, type Failure } from '../../../src/cluster/client/errors.ts';
import { FaultyApi, html, json, kubeconfig, never, reset, temporaryDirectory } from '../../support/faulty-api.ts';

const LIMITS = { timeoutMs: 2_000, maxBytes: 10_000 };
const SERVICE_ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';

describe('requests', () => {
  const api = new FaultyApi();
  let cluster: KubeClient;
  beforeEach(async () => {
    await api.start();
    cluster = await api.cluster();
    delete api.faults.get;
    delete api.faults.watch;
  });
  afterEach(() => api.kill());

  const get = (options = LIMITS) => cluster.getJson('/api/v1/namespaces/shop', options);

  test('an object comes back, with credentials and media type sent', async () => {
    api.put('shop', { a: 'b' });
    expect(await get()).toMatchObject({ kind: 'ok', body: { metadata: { name: 'shop', annotations: { a: 'b' } } } });
    expect(api.seen.at(-1)).toMatchObject({ accept: 'application/json' });
  });

  test.each([
    ['HTML with status 200', html, { kind: 'not-json', sample: expect.stringContaining('<html>') }],
    ['an array', (_: unknown, response: ServerResponse) => json(response, []), { kind: 'not-json', sample: '[]' }],
    ['a reset', reset, { kind: 'network', code: 'ECONNRESET' }],
    ['too much', (_: unknown, response: ServerResponse) => json(response, 'x'.repeat(20_000)), { kind: 'too-large' }],
    [
      'a Status',
      (_: unknown, response: ServerResponse) => json(response, { reason: 'Forbidden', message: 'no, you cannot' }, 403),
      { kind: 'http', status: 403, reason: 'Forbidden', message: 'no, you cannot', retryAfterMs: 0 },
    ],
    [
      'a Retry-After of an hour',
      (_: unknown, response: ServerResponse) => response.writeHead(503, { 'Retry-After': '3600' }).end('busy'),
      { kind: 'http', status: 503, reason: '', message: '', retryAfterMs: 30_000 },
    ],
    [
      'a body that breaks off',
      (request: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'Content-Length': '1000' });
        response.write('{"metadata":', () => request.socket.end());
      },
      { kind: 'network' },
    ],
  ])('%s is a failure, not an exception', async (_, fault, failure) => {
    api.faults.get = fault;
    const answer = await get();
    expect(answer).toMatchObject(failure);
    expect(describeFailure(answer as Failure)).toMatch(/API server/);
  });

  test('the timeout covers a server that does not answer, and one that sends a byte at a time', async () => {
    api.faults.get = never;
    expect(await get({ ...LIMITS, timeoutMs: 30 })).toEqual({ kind: 'timeout', afterMs: 30 });
    api.faults.get = drip('{"metadata":{"name":"shop"}}');
    expect(await get({ ...LIMITS, timeoutMs: 60 })).toEqual({ kind: 'timeout', afterMs: 60 });
  });

  test('a refused connection names its code', async () => {
    await api.kill();
    expect(await get()).toMatchObject({ kind: 'network', code: 'ECONNREFUSED' });
    await api.start();
  });

  test('a signal gives the request up, before and during it', async () => {
    api.faults.get = never;
    const ending = new AbortController();
    const pending = cluster.getJson('/api/v1/namespaces/shop', { ...LIMITS, signal: ending.signal });
    await vi.waitFor(() => expect(api.seen.at(-1)?.url.pathname).toMatch(/shop/));
    ending.abort();
    expect(await pending).toEqual({ kind: 'aborted' });
    expect(await cluster.getJson('/x', { ...LIMITS, signal: ending.signal })).toEqual({ kind: 'aborted' });
  });

  const watch = async (write: (response: ServerResponse) => void, maxLineBytes = 1_000) => {
    api.faults.watch = (_, response) => {
      response.writeHead(200);
      write(response);
    };
    const lines: JsonObject[] = [];
    const onLine = (line: JsonObject) => void lines.push(line);
    const { signal } = new AbortController();
    return { end: await cluster.watchLines('/api/v1/namespaces?watch=1', { onLine, signal, maxLineBytes }), lines };
  };

  test('lines arrive whole, however they are cut, even inside a character', async () => {
    const bytes = Buffer.from('{"a":"é"}\n\n{"b":1}\n');
    const at = bytes.indexOf(0xc3) + 1;
    const { end, lines } = await watch((response) => {
      response.write(bytes.subarray(0, at), () => setImmediate(() => response.end(bytes.subarray(at))));
    });
    expect(end).toEqual({ kind: 'ended' });
    expect(lines).toEqual([{ a: 'é' }, { b: 1 }]);
  });

  test('a broken line, a line cut off and a line without end are failures; what came before counts', async () => {
    const broken = await watch((response) => response.end('{"a":1}\n{"b":\n{"c":1}\n'));
    expect(broken).toEqual({ end: { kind: 'not-json', sample: '{"b":' }, lines: [{ a: 1 }] });
    const cutOff = await watch((response) => response.end('{"a":1}\n{"b"'));
    expect(cutOff).toEqual({ end: { kind: 'not-json', sample: '{"b"' }, lines: [{ a: 1 }] });
    const endless = await watch((response) => response.write('x'.repeat(2_000)));
    expect(endless.end).toEqual({ kind: 'too-large', maxBytes: 1_000 });
  });
});

describe('where the cluster is', () => {
  test('without a kubeconfig and outside a cluster there is none, whatever ~/.kube/config says', async () => {
    expect(await loadClient({ root: temporaryDirectory() })).toBeUndefined();
  });

  test.each([
    ['missing', undefined, /cannot read the kubeconfig .*ENOENT/],
    ['empty', '', /cannot read the kubeconfig/],
    ['without a context', '{"clusters":[]}', /no cluster in its current context/],
    ['with a server that is no URL', kubeconfig('nowhere', {}, {}), /a server that is no URL: nowhere/],
  ])('a kubeconfig that is %s is a start-up error in a sentence', async (_, text, message) => {
    const file = join(temporaryDirectory(), 'config');
    if (text !== undefined) writeFileSync(file, text);
    await expect(loadClient({ kubeconfig: file })).rejects.toThrow(message);
  });

  test('credentials that cannot be had are a failure of the request', async () => {
    const file = join(temporaryDirectory(), 'config');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/false' };
    writeFileSync(file, kubeconfig('https://127.0.0.1:1', {}, { exec }));
    const cluster = await loadClient({ kubeconfig: file });
    expect(await cluster?.getJson('/', LIMITS)).toMatchObject({ kind: 'credentials' });
  });

  test('an exec plugin that hangs is one process, and does not hang the request', async () => {
    const directory = temporaryDirectory();
    const plugin = join(directory, 'plugin');
    writeFileSync(plugin, `#!/bin/sh\necho ran >> ${directory}/runs\nexec sleep 1\n`);
    chmodSync(plugin, 0o755);
    const file = join(directory, 'config');
    writeFileSync(file, kubeconfig('https://127.0.0.1:1', {}, { exec: { command: plugin } }));
    const cluster = await loadClient({ kubeconfig: file });
    const both = [1, 2].map(async () => cluster?.getJson('/', { ...LIMITS, timeoutMs: 300 }));
    expect(await Promise.all(both)).toEqual([
      { kind: 'timeout', afterMs: 300 },
      { kind: 'timeout', afterMs: 300 },
    ]);
    expect(readFileSync(join(directory, 'runs'), 'utf8')).toBe('ran\n');
  });
});

describe('a service account over TLS', () => {
  const environment = { ...process.env };
  afterEach(() => {
    process.env = { ...environment };
    vi.useRealTimers();
  });

  test('the certificate is checked, and a token that rotates is read again', async () => {
    const root = `${temporaryDirectory()}/`;
    const account = join(root, SERVICE_ACCOUNT);
    mkdirSync(account, { recursive: true });
    const ca = join(account, 'ca.crt');
    const keyFile = join(root, 'key');
    const selfSigned = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=api'.split(' ');
    const files = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', ca];
    execFileSync('openssl', [...selfSigned, ...files], { stdio: 'ignore' });
    writeFileSync(join(account, 'token'), 'first\n');
    const tokens: unknown[] = [];
    let refused: unknown;
    const server = createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(ca) }, (request, response) => {
      tokens.push(request.headers.authorization);
      json(response, {}, request.headers.authorization === refused ? 401 : 200);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    process.env['KUBERNETES_SERVICE_HOST'] = '127.0.0.1';
    process.env['KUBERNETES_SERVICE_PORT'] = String((server.address() as AddressInfo).port);

    const cluster = await loadClient({ root });
    expect(await cluster?.getJson('/', LIMITS)).toEqual({ kind: 'ok', body: {} });
    writeFileSync(join(account, 'token'), 'second');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    await cluster?.getJson('/', LIMITS);
    expect(tokens).toEqual(['Bearer first', 'Bearer second']);

    // A minute by the clock on the wall never passes once that is set back a year: what is refused is read again.
    writeFileSync(join(account, 'token'), 'third');
    vi.setSystemTime(Date.now() - 31_536_000_000);
    await cluster?.getJson('/', LIMITS);
    refused = 'Bearer second';
    expect(await cluster?.getJson('/', LIMITS)).toMatchObject({ kind: 'http', status: 401 });
    expect(await cluster?.getJson('/', LIMITS)).toEqual({ kind: 'ok', body: {} });
    expect(tokens.splice(2)).toEqual(['Bearer second', 'Bearer second', 'Bearer third']);

    delete process.env['KUBERNETES_SERVICE_HOST'];
    expect(await loadClient({ root })).toBeUndefined();

    const file = join(root, 'config');
    writeFileSync(file, kubeconfig(cluster?.server ?? '', {}, { token: 'x' }));
    const unverified = await loadClient({ kubeconfig: file });
    expect(await unverified?.getJson('/', LIMITS)).toMatchObject({
      kind: 'network',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(tokens).toHaveLength(2);
    await new Promise((resolve) => server.close(resolve));
  });
});

/** A body that comes one byte each 10 ms, without an end. */
function drip(text: string) {
  return (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { 'Content-Length': String(text.length) });
    let sent = 0;
    const timer = setInterval(() => response.write(text[(sent += 1) - 1] ?? ''), 10);
    response.on('close', () => {
      clearInterval(timer);
    });
  };
}
