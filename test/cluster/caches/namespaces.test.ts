import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LookupLimits } from '../../../src/cluster/caches/namespace-lookup.ts';
import { toNamespace } from '../../../src/cluster/caches/namespace-object.ts';
import {
  anyNamespace,
  namespacesFromCluster,
  namespacesFromObjects,
  type NamespaceSource,
} from '../../../src/cluster/caches/namespaces.ts';
import { CountingClock } from '../../support/counting-clock.ts';
import { FaultyApi, html, json, never } from '../../support/faulty-api.ts';
import { Recorder } from '../../support/recording-logger.ts';

const DOMAIN = 'agent-injector.io/domain-id';
const within = { timeout: 1_500, interval: 3 };

describe('from the API server', () => {
  let api: FaultyApi;
  let source: NamespaceSource;
  let clock: CountingClock;

  beforeEach(async () => {
    api = new FaultyApi();
    clock = new CountingClock();
    await api.start();
  });

  afterEach(async () => {
    await source.stop();
    const left = clock.open;
    await api.kill();
    if (left !== 0) throw new Error(`${left} timers left after stop`);
  });

  const begin = async (bounds: Partial<LookupLimits> = {}) => {
    source = namespacesFromCluster(await api.cluster(clock), { logger: new Recorder(), bounds, clock });
    await vi.waitFor(() => expect(api.watching).toBe(1), within);
  };

  /** Makes a namespace that the watch has not told of: it comes with a pod close behind. */
  const unannounced = (name: string) => {
    api.silently(() => {
      api.put(name, { [DOMAIN]: '1001' });
    });
  };

  test('a cached namespace costs no request, in either way', async () => {
    api.put('shop', { [DOMAIN]: '1001', other: 'not kept' });
    await begin();
    const shop = { name: 'shop', labels: {}, annotations: { [DOMAIN]: '1001' } };
    expect(source.get('shop')).toEqual(shop);
    expect(await source.fetch('shop', 100)).toEqual({ kind: 'found', namespace: shop });
    expect(source.status()).toMatchObject({ synced: true, size: 1, restarts: 0 });
    expect(api.count('get')).toBe(0);
  });

  test('one that is not cached is asked for once, however many ask, and remembered for a moment', async () => {
    await begin({ rememberMs: 60_000 });
    unannounced('shop');
    const answers = await Promise.all(Array.from({ length: 50 }, () => source.fetch('shop', 1_000)));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatchObject({ kind: 'found', namespace: { annotations: { [DOMAIN]: '1001' } } });
    await source.fetch('shop', 1_000);
    expect(api.count('get')).toBe(1);
    expect(api.seen.at(-1)?.accept).toMatch(/as=PartialObjectMetadata;/);
    expect(source.get('shop')).toBeUndefined();
  });

  test('one that does not exist is remembered briefly', async () => {
    await begin({ rememberMs: 40 });
    expect(await source.fetch('nowhere', 1_000)).toEqual({ kind: 'absent' });
    await source.fetch('nowhere', 1_000);
    expect(api.count('get')).toBe(1);
    await vi.waitFor(async () => {
      await source.fetch('nowhere', 1_000);
      expect(api.count('get')).toBe(2);
    }, within);
  });

  test('how many are remembered is bounded, the oldest gives way', async () => {
    await begin({ rememberMs: 60_000, remembered: 2 });
    for (const name of ['a', 'b', 'c', 'c', 'b']) await source.fetch(name, 1_000);
    expect(api.count('get')).toBe(3);
    await source.fetch('a', 1_000);
    expect(api.count('get')).toBe(4);
  });

  test('how many are asked for at one time is bounded', async () => {
    api.faults.get = never;
    await begin({ concurrent: 3 });
    const names = ['a', 'b', 'c', 'd', 'a'];
    const answers = await Promise.all(names.map((name) => source.fetch(name, 50)));
    const late = { kind: 'unavailable', why: 'the API server did not answer within 50 ms' };
    const many = { kind: 'unavailable', why: 'too many namespaces are being looked up at once' };
    expect(answers).toEqual([late, late, late, many, late]);
    expect(api.count('get')).toBe(3);
  });

  test('how many are asked for in a second is bounded', async () => {
    await begin({ perSecond: 20 });
    for (let index = 0; index < 100; index += 1) await source.fetch(`random-${index}`, 1_000);
    expect(api.count('get')).toBeGreaterThanOrEqual(20);
    expect(api.count('get')).toBeLessThan(30);
  });

  test('names that no namespace can have cost nothing, and cannot climb out of the path', async () => {
    await begin();
    const names = ['', '..', '.', '__proto__', 'a/b', 'a?watch=1', 'Shop', 'a b', '-a', 'x'.repeat(64), 'shop\n'];
    const answers = await Promise.all(names.map((name) => source.fetch(name, 1_000)));
    expect(answers).toEqual(names.map(() => ({ kind: 'absent' })));
    expect(names.map((name) => source.get(name))).toEqual(names.map(() => undefined));
    expect(api.count('get')).toBe(0);
  });

  test.each([
    ['an error', (_: unknown, response: Parameters<typeof json>[0]) => json(response, {}, 500), /answered 500/],
    [
      'a 404 of somebody else',
      (_: unknown, response: Parameters<typeof json>[0]) => json(response, {}, 404),
      /answered 404/,
    ],
    ['HTML', html, /not a JSON object/],
    [
      'another namespace',
      (_: unknown, response: Parameters<typeof json>[0]) => json(response, { metadata: { name: 'other' } }),
      /not this namespace/,
    ],
  ])('%s is no knowledge, and is not remembered', async (_, fault, why) => {
    api.faults.get = fault;
    await begin();
    expect(await source.fetch('shop', 1_000)).toEqual({ kind: 'unavailable', why: expect.stringMatching(why) });
    delete api.faults.get;
    unannounced('shop');
    expect(await source.fetch('shop', 1_000)).toMatchObject({ kind: 'found' });
  });

  test('a caller who gives up does not take the answer from the others', async () => {
    await begin();
    unannounced('shop');
    let reply: (() => void) | undefined;
    api.faults.get = (request, response) => {
      reply = () => {
        api.normal('get', new URL(request.url ?? '', 'http://api'), response);
      };
    };
    const [hasty, patient] = [source.fetch('shop', 10), source.fetch('shop', 1_000)];
    expect(await hasty).toMatchObject({ kind: 'unavailable' });
    reply?.();
    expect(await patient).toMatchObject({ kind: 'found' });
  });

  test('stopping answers those who wait', async () => {
    api.faults.get = never;
    await begin();
    const waiting = source.fetch('shop', 60_000);
    await vi.waitFor(() => expect(api.count('get')).toBe(1), within);
    await source.stop();
    expect(await waiting).toEqual({ kind: 'unavailable', why: 'the request was given up' });
    expect(await source.fetch('other', 60_000)).toEqual({ kind: 'unavailable', why: 'the server is stopping' });
  });
});

const manifest = (name: string, annotations: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, annotations },
});

describe('from manifests', () => {
  test('Namespaces are taken, everything else is passed over, the last of one name counts', async () => {
    const source = namespacesFromObjects([
      manifest('shop', { [DOMAIN]: '1' }),
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod' } },
      { apiVersion: 'v1', kind: 'Namespace' },
      manifest('__proto__', { [DOMAIN]: '3' }),
      manifest('shop', { [DOMAIN]: '2' }),
    ]);
    const shop = { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop' }, annotations: { [DOMAIN]: '2' } };
    expect(source.get('shop')).toEqual(shop);
    expect(await source.fetch('shop', 0)).toEqual({ kind: 'found', namespace: shop });
    expect(source.get('__proto__')?.annotations).toEqual({ [DOMAIN]: '3' });
    expect(source.get('constructor')).toBeUndefined();
    expect(await source.fetch('pod', 0)).toEqual({ kind: 'absent' });
    expect(source.status()).toEqual({
      synced: true,
      size: 2,
      ageMs: 0,
      restarts: 0,
      trouble: undefined,
      mislabelled: 0,
    });
    await source.stop();
  });
});

describe('any namespace', () => {
  test('every name is one, with the labels and annotations given', async () => {
    const source = anyNamespace({
      labels: { 'agent-injector.io/injection': 'enabled' },
      annotations: { [DOMAIN]: '1' },
    });
    const namespace = {
      name: 'whatever',
      labels: { 'agent-injector.io/injection': 'enabled', 'kubernetes.io/metadata.name': 'whatever' },
      annotations: { [DOMAIN]: '1' },
    };
    expect(source.get('whatever')).toEqual(namespace);
    expect(await source.fetch('whatever', 0)).toEqual({ kind: 'found', namespace });
    expect(anyNamespace({}).get('x')).toMatchObject({ name: 'x', annotations: {} });
  });
});

describe('what is kept of a Namespace', () => {
  test('our own keys, its name and its Pod Security level', () => {
    const ours = { 'agent-injector.io/injection': 'enabled', 'domain-id.agent-injector.io/web': '1' };
    const theirs = { 'kubernetes.io/metadata.name': 'shop', 'pod-security.kubernetes.io/enforce': 'restricted' };
    const rest = {
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      team: 'a',
      'agent-injector.io.evil/x': '1',
    };
    const metadata = {
      name: 'shop',
      labels: { ...theirs, ...rest },
      annotations: { ...ours, ...rest, 'agent-injector.io/odd': 7 },
    };
    expect(toNamespace({ metadata })).toEqual({ name: 'shop', labels: theirs, annotations: ours });
  });

  test.each([[{}], [{ metadata: null }], [{ metadata: { name: '' } }], [{ metadata: { name: 7 } }]])(
    '%o is none',
    (object) => {
      expect(toNamespace(object)).toBeUndefined();
    },
  );
});
