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
import { eventually } from '../../support/eventually.ts';
import {
  answers,
  FaultyApi,
  html,
  json,
  kubeconfig,
  never,
  reset,
  temporaryDirectory,
} from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const LIMITS = { timeoutMs: 2_000, maxBytes: 10_000 };
const SERVICE_ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';

describe('requests', () => {
  let api: FaultyApi;
  let client: KubeClient;
  let clock: ManualClock;
  beforeEach(async () => {
    api = new FaultyApi();
    clock = new ManualClock();
    await api.start();
    client = await api.client(clock);
  });
  afterEach(async () => {
    await api.kill();
    clock.expectNoTimers();
  });

  const get = (signal?: AbortSignal) =>
    client.getJson('/api/v1/namespaces/shop', { ...LIMITS, ...(signal && { signal }) });

  test('an object is returned, with credentials and media type sent', async () => {
    api.put('shop', { a: 'b' });
    expect(await get()).toMatchObject({ kind: 'ok', body: { metadata: { name: 'shop', annotations: { a: 'b' } } } });
    expect(api.seen.at(-1)).toMatchObject({ accept: 'application/json' });
  });

  test.each([
    ['HTML with status 200', html, { kind: 'not-json', sample: expect.stringContaining('<html>') }],
    ['an array', answers([], 200), { kind: 'not-json', sample: '[]' }],
    ['a reset', reset, { kind: 'network', code: 'ECONNRESET' }],
    ['a body that is too large', answers('x'.repeat(20_000), 200), { kind: 'too-large' }],
    [
      'a Status',
      answers({ reason: 'Forbidden', message: 'no, you cannot' }, 403),
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

  test('the timeout covers a server that does not answer, and one whose body never ends', async () => {
    api.faults.get = never;
    const unanswered = get();
    await eventually(() => expect(api.count('get')).toBe(1));
    clock.advance(LIMITS.timeoutMs);
    expect(await unanswered).toEqual({ kind: 'timeout', afterMs: LIMITS.timeoutMs });

    let slow: ServerResponse | undefined;
    api.faults.get = (_, response) => {
      slow = response;
      response.writeHead(200).write('{');
    };
    const endless = get();
    await eventually(() => expect(slow).toBeDefined());
    clock.advance(LIMITS.timeoutMs - 1);
    slow?.write('"metadata":');
    clock.advance(1);
    expect(await endless).toEqual({ kind: 'timeout', afterMs: LIMITS.timeoutMs });
  });

  test('a refused connection has its code', async () => {
    await api.kill();
    expect(await get()).toMatchObject({ kind: 'network', code: 'ECONNREFUSED' });
    await api.start();
  });

  test('a signal aborts the request, before and during it', async () => {
    api.faults.get = never;
    const ending = new AbortController();
    const pending = get(ending.signal);
    await eventually(() => expect(api.count('get')).toBe(1));
    ending.abort();
    expect(await pending).toEqual({ kind: 'aborted' });
    expect(await get(ending.signal)).toEqual({ kind: 'aborted' });
  });

  const watch = async (write: (response: ServerResponse) => void, maxLineBytes = 1_000) => {
    api.faults.watch = (_, response) => {
      response.writeHead(200);
      write(response);
    };
    const lines: JsonObject[] = [];
    const onLine = (line: JsonObject) => void lines.push(line);
    const { signal } = new AbortController();
    return { end: await client.watchLines('/api/v1/namespaces?watch=1', { onLine, signal, maxLineBytes }), lines };
  };

  test('lines are complete however they are split, even inside a character', async () => {
    const bytes = Buffer.from('{"a":"é"}\n\n{"b":1}\n');
    const at = bytes.indexOf(0xc3) + 1;
    const { end, lines } = await watch((response) => {
      response.write(bytes.subarray(0, at), () => setImmediate(() => response.end(bytes.subarray(at))));
    });
    expect(end).toEqual({ kind: 'ended' });
    expect(lines).toEqual([{ a: 'é' }, { b: 1 }]);
  });

  test('a broken line, a truncated line and an endless line are failures, and the lines before count', async () => {
    const broken = await watch((response) => response.end('{"a":1}\n{"b":\n{"c":1}\n'));
    expect(broken).toEqual({ end: { kind: 'not-json', sample: '{"b":' }, lines: [{ a: 1 }] });
    const cutOff = await watch((response) => response.end('{"a":1}\n{"b"'));
    expect(cutOff).toEqual({ end: { kind: 'not-json', sample: '{"b"' }, lines: [{ a: 1 }] });
    const endless = await watch((response) => response.write('x'.repeat(2_000)));
    expect(endless.end).toEqual({ kind: 'too-large', maxBytes: 1_000 });
  });
});

describe('the cluster is found', () => {
  test('neither without a kubeconfig outside a cluster, nor by ~/.kube/config', async () => {
    expect(await loadClient({ root: temporaryDirectory() })).toBeUndefined();
  });

  test.each([
    ['missing', undefined, /ENOENT/],
    ['empty', '', /not a kubeconfig/],
    ['without a context', '{"clusters":[]}', /current context/],
    ['with a server that is not a URL', kubeconfig('nowhere', {}, {}), /nowhere/],
  ])('a kubeconfig that is %s is a start-up error that names the file', async (_, text, message) => {
    const file = join(temporaryDirectory(), 'config');
    if (text !== undefined) writeFileSync(file, text);
    await expect(loadClient({ kubeconfig: file })).rejects.toThrow(message);
    await expect(loadClient({ kubeconfig: file })).rejects.toThrow(file);
  });

  test('a failing exec plugin is a failure of the request', async () => {
    const file = join(temporaryDirectory(), 'config');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/false' };
    writeFileSync(file, kubeconfig('https://127.0.0.1:1', {}, { exec }));
    const client = await loadClient({ kubeconfig: file });
    expect(await client?.getJson('/', LIMITS)).toMatchObject({ kind: 'credentials' });
  });

  test('an exec plugin that hangs runs once, and does not block the request', async () => {
    const directory = temporaryDirectory();
    const plugin = join(directory, 'plugin');
    writeFileSync(plugin, `#!/bin/sh\necho ran >> ${directory}/runs\nexec sleep 1\n`);
    chmodSync(plugin, 0o755);
    const file = join(directory, 'config');
    writeFileSync(file, kubeconfig('https://127.0.0.1:1', {}, { exec: { command: plugin } }));
    const clock = new ManualClock();
    const client = await loadClient({ kubeconfig: file, clock });
    const both = [1, 2].map(async () => client?.getJson('/', LIMITS));
    const runs = join(directory, 'runs');
    await eventually(() => expect(readFileSync(runs, 'utf8')).toBe('ran\n'));
    clock.advance(LIMITS.timeoutMs);
    const timeout = { kind: 'timeout', afterMs: LIMITS.timeoutMs };
    expect(await Promise.all(both)).toEqual([timeout, timeout]);
    expect(readFileSync(runs, 'utf8')).toBe('ran\n');
  });
});

describe('a service account over TLS', () => {
  const environment = { ...process.env };
  afterEach(() => {
    process.env = { ...environment };
    vi.useRealTimers();
  });

  test('the certificate is verified, and a rotated token is read again', async () => {
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

    const client = await loadClient({ root });
    expect(await client?.getJson('/', LIMITS)).toEqual({ kind: 'ok', body: {} });
    writeFileSync(join(account, 'token'), 'second');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    await client?.getJson('/', LIMITS);
    expect(tokens).toEqual(['Bearer first', 'Bearer second']);

    // A minute of the wall clock never passes after it was set back a year: a refused token is read again.
    writeFileSync(join(account, 'token'), 'third');
    vi.setSystemTime(Date.now() - 31_536_000_000);
    await client?.getJson('/', LIMITS);
    refused = 'Bearer second';
    expect(await client?.getJson('/', LIMITS)).toMatchObject({ kind: 'http', status: 401 });
    expect(await client?.getJson('/', LIMITS)).toEqual({ kind: 'ok', body: {} });
    expect(tokens.splice(2)).toEqual(['Bearer second', 'Bearer second', 'Bearer third']);

    delete process.env['KUBERNETES_SERVICE_HOST'];
    expect(await loadClient({ root })).toBeUndefined();

    const file = join(root, 'config');
    writeFileSync(file, kubeconfig(client?.server ?? '', {}, { token: 'x' }));
    const unverified = await loadClient({ kubeconfig: file });
    expect(await unverified?.getJson('/', LIMITS)).toMatchObject({
      kind: 'network',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(tokens).toHaveLength(2);
    await new Promise((resolve) => server.close(resolve));
  });
});
