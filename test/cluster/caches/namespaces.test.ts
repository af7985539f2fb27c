import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LookupLimits } from '../../../src/cluster/caches/namespace-lookup.ts';
import { toNamespace } from '../../../src/cluster/caches/namespace-object.ts';
import {
  anyNamespace,
  ClusterNamespaces,
  type ClusterNamespacesOptions,
  namespacesFromObjects,
  type NamespaceSource,
} from '../../../src/cluster/caches/namespaces.ts';
import type { NamespaceLookup } from '../../../src/kubernetes/namespace.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi, html, never } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const DOMAIN = 'agent-injector.io/domain-id';
const LABEL = 'agent-injector.io/injection';
const ENABLED = { [LABEL]: 'enabled' };

describe('from the API server', () => {
  let api: FaultyApi;
  let source: NamespaceSource;
  let clock: ManualClock;
  let log: RecordingLogger;

  beforeEach(async () => {
    api = new FaultyApi();
    clock = new ManualClock();
    // The cache of lookups takes 0 for "no time".
    clock.advance(1);
    log = new RecordingLogger();
    await api.start();
  });

  afterEach(async () => {
    await source.stop();
    await api.kill();
    clock.expectNoTimers();
  });

  const begin = async (limits: Partial<LookupLimits> = {}, more: Partial<ClusterNamespacesOptions> = {}) => {
    source = new ClusterNamespaces(await api.client(clock), { logger: log, limits, clock, ...more }).start();
    await eventually(() => expect(api.watching).toBe(1));
  };

  /** Creates a namespace whose event has not arrived, as when its first pod comes close behind. */
  const unannounced = (name: string) => {
    api.silently(() => {
      api.put(name, { [DOMAIN]: '1001' }, ENABLED);
    });
  };

  test('a cached namespace costs no request', async () => {
    api.put('shop', { [DOMAIN]: '1001', other: 'dropped' }, ENABLED);
    await begin();
    const shop = { name: 'shop', labels: ENABLED, annotations: { [DOMAIN]: '1001' } };
    expect(source.get('shop')).toEqual(shop);
    expect(await source.fetch('shop', 100)).toEqual({ kind: 'found', namespace: shop });
    expect(source.status()).toMatchObject({ synced: true, size: 1, restarts: 0 });
    expect(api.count('get')).toBe(0);
  });

  test('of a namespace that is not opted in, only its label is kept, or what was probably meant to be it', async () => {
    const fat = { [DOMAIN]: 'x'.repeat(200_000), 'agent-injector.io/x': 'y'.repeat(50_000) };
    const labels = { [LABEL]: 'enable', 'pod-security.kubernetes.io/enforce': 'baseline', 'agent-injector.io/x': 'y' };
    api.put('off', fat);
    api.put('almost', fat, labels);
    api.put('annotated', { ...fat, [LABEL]: 'enabled' }, {});
    unannounced('off-too');
    await begin();
    expect(source.get('off')).toEqual({ name: 'off', labels: {}, annotations: {} });
    expect(source.get('almost')).toEqual({ name: 'almost', labels: { [LABEL]: 'enable' }, annotations: {} });
    expect(source.get('annotated')).toEqual({ name: 'annotated', labels: {}, annotations: ENABLED });
    expect(source.status().mislabelled).toBe(2);
  });

  test('of a namespace that is opted in, a value that is too long is not kept, and its key is', async () => {
    const annotations = { [DOMAIN]: '9'.repeat(250_000), 'agent-injector.io/profile': 'jennifer-dotnet', other: 'x' };
    api.put('shop', annotations, ENABLED);
    await begin();
    expect(source.get('shop')).toEqual({
      name: 'shop',
      labels: ENABLED,
      annotations: { [DOMAIN]: '', 'agent-injector.io/profile': 'jennifer-dotnet' },
      tooLong: [DOMAIN],
    });
  });

  test('all that is kept of a namespace is bounded, and its settings come before parameters and mistakes', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => [`agent-injector.io/a-${index}`, 'x'.repeat(60)] as const);
    const labels = Array.from(
      { length: 3_000 },
      (_, index) => [`agent-injector.io/l-${index}`, 'x'.repeat(60)] as const,
    );
    const own = { 'agent-injector.io/inject': 'false', 'agent-injector.io/profile': 'jennifer-dotnet' };
    const mistakes = Array.from({ length: 900 }, (_, index) => [`agent-injecter.io/m-${index}`, 'x'] as const);
    const object = {
      metadata: {
        name: 'shop',
        labels: { ...Object.fromEntries(labels), ...ENABLED },
        annotations: { ...Object.fromEntries([...many, ...mistakes]), ...own },
      },
    };
    const kept = toNamespace(object);
    expect(kept?.annotations).toMatchObject(own);
    expect(kept?.labels).toMatchObject(ENABLED);
    expect(JSON.stringify(kept).length).toBeLessThan(16_000);
  });

  test('all that is kept of all namespaces is bounded: the others are requested, and one line says so', async () => {
    for (const name of ['a', 'b', 'c'])
      api.put(name, { [DOMAIN]: '1001', [`${DOMAIN}-${name}`]: 'x'.repeat(900) }, ENABLED);
    await begin({}, { maxStored: 1500 });
    const kept = ['a', 'b', 'c'].filter((name) => source.get(name) !== undefined);
    expect(kept).toEqual(['a']);
    expect(await source.fetch('c', 1000)).toMatchObject({ kind: 'found', namespace: { name: 'c' } });
    expect(log.of('warn')).toEqual([expect.stringContaining('requested for each review')]);
    api.remove('a');
    api.put('b', { [DOMAIN]: '1002' }, ENABLED);
    await eventually(() => expect(source.get('b')?.annotations).toEqual({ [DOMAIN]: '1002' }));
  });

  test('a list that changes nothing keeps the same objects, and so does an event', async () => {
    api.put('shop', { [DOMAIN]: '1001' }, ENABLED);
    await begin();
    const before = source.get('shop');
    api.put('shop', { [DOMAIN]: '1001', other: 'changed' }, ENABLED);
    api.put('later');
    await eventually(() => expect(source.get('later')).toBeDefined());
    expect(source.get('shop')).toBe(before);
    api.put('shop', { [DOMAIN]: '1002' }, ENABLED);
    await eventually(() => expect(source.get('shop')?.annotations[DOMAIN]).toBe('1002'));
  });

  test('concurrent lookups share one request, and its answer is cached but not stored', async () => {
    await begin();
    unannounced('shop');
    const found = await Promise.all(Array.from({ length: 50 }, () => source.fetch('shop', 1_000)));
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toMatchObject({ kind: 'found', namespace: { annotations: { [DOMAIN]: '1001' } } });
    await source.fetch('shop', 1_000);
    expect(api.count('get')).toBe(1);
    expect(api.seen.at(-1)?.accept).toMatch(/as=PartialObjectMetadata;/);
    expect(source.get('shop')).toBeUndefined();
  });

  test('the absence of a namespace is cached for two seconds', async () => {
    await begin();
    expect(await source.fetch('nowhere', 1_000)).toEqual({ kind: 'absent' });
    clock.advance(2_000);
    await source.fetch('nowhere', 1_000);
    expect(api.count('get')).toBe(1);
    clock.advance(1);
    await source.fetch('nowhere', 1_000);
    expect(api.count('get')).toBe(2);
  });

  test('the size of the cache is bounded, and the oldest answer is dropped', async () => {
    await begin({ cacheSize: 2 });
    for (const name of ['a', 'b', 'c', 'c', 'b']) await source.fetch(name, 1_000);
    expect(api.count('get')).toBe(3);
    await source.fetch('a', 1_000);
    expect(api.count('get')).toBe(4);
  });

  test('how many are asked for at one time is bounded', async () => {
    api.faults.get = never;
    await begin({ concurrent: 3 });
    const waiting = ['a', 'b', 'c', 'a'].map((name) => source.fetch(name, 50));
    expect(await source.fetch('d', 50)).toMatchObject({ kind: 'unavailable' });
    await eventually(() => expect(api.count('get')).toBe(3));
    clock.advance(50);
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ kind: 'unavailable', why: expect.any(String) })));
    expect(api.count('get')).toBe(3);
  });

  test('how many are asked for in a second is bounded', async () => {
    await begin();
    const fetchMany = async () => {
      for (let index = 0; index < 50; index += 1) await source.fetch(`random-${clock.now()}-${index}`, 1_000);
    };
    await fetchMany();
    expect(api.count('get')).toBe(20);
    clock.advance(500);
    await fetchMany();
    expect(api.count('get')).toBe(30);
  });

  describe('lookups for required pods', () => {
    const flood = async (fetch: (name: string) => Promise<NamespaceLookup>): Promise<readonly NamespaceLookup[]> => {
      const found: NamespaceLookup[] = [];
      for (let index = 0; index < 50; index += 1) found.push(await fetch(`made-up-${index}`));
      return found;
    };
    const kindsOf = (lookups: readonly NamespaceLookup[]): ReadonlySet<string> =>
      new Set(lookups.map(({ kind }) => kind));

    test('have a share of their own, which a flood of other lookups leaves alone', async () => {
      await begin();
      api.silently(() => api.put('shop'));
      expect(kindsOf(await flood((name) => source.fetch(name, 1_000)))).toContain('unavailable');
      expect(await source.fetch('shop', 1_000)).toMatchObject({ kind: 'unavailable' });
      expect(await source.fetchLatest('shop', 1_000)).toMatchObject({ kind: 'found' });
    });

    test('have another share for namespaces in the cache, which no flood of made-up names reaches', async () => {
      api.put('shop', {}, { 'agent-injector.io/injection': 'enabled' });
      await begin();
      api.silently(() => api.put('shop', {}, { 'agent-injector.io/injection': 'required' }));
      expect(kindsOf(await flood((name) => source.fetchLatest(name, 1_000)))).toContain('unavailable');
      expect(await source.fetchLatest('other', 1_000)).toMatchObject({ kind: 'unavailable' });
      expect(await source.fetchLatest('shop', 1_000)).toMatchObject({
        kind: 'found',
        namespace: { labels: { 'agent-injector.io/injection': 'required' } },
      });
      expect(source.get('shop')?.labels).toEqual({ 'agent-injector.io/injection': 'enabled' });
    });

    test('do not use what another caller learned a moment ago', async () => {
      await begin();
      api.silently(() => api.put('shop', {}, { 'agent-injector.io/injection': 'enabled' }));
      await source.fetch('shop', 1_000);
      api.silently(() => api.put('shop', {}, { 'agent-injector.io/injection': 'required' }));
      expect(await source.fetchLatest('shop', 1_000)).toMatchObject({
        namespace: { labels: { 'agent-injector.io/injection': 'required' } },
      });
    });

    test('are bounded in their number at one time and in a second', async () => {
      api.faults.get = never;
      await begin();
      const waiting = Array.from({ length: 20 }, (_, index) => source.fetchLatest(`n${index}`, 50));
      await eventually(() => expect(api.count('get')).toBe(4));
      clock.advance(50);
      expect(kindsOf(await Promise.all(waiting))).toEqual(new Set(['unavailable']));
    });
  });

  test('names that no namespace can have cost nothing, and cannot climb out of the path', async () => {
    await begin();
    const names = ['', '..', '.', '__proto__', 'a/b', 'a?watch=1', 'Shop', 'a b', '-a', 'x'.repeat(64), 'shop\n'];
    const found = await Promise.all(names.map((name) => source.fetch(name, 1_000)));
    expect(found).toEqual(names.map(() => ({ kind: 'absent' })));
    expect(names.map((name) => source.get(name))).toEqual(names.map(() => undefined));
    expect(api.count('get')).toBe(0);
  });

  test.each([
    ['an error', answers({}, 500)],
    ['a 404 without the reason of an API server', answers({}, 404)],
    ['HTML', html],
    ['another namespace', answers({ metadata: { name: 'other' } }, 200)],
  ])('%s makes the namespace unavailable, and is not cached', async (_, fault) => {
    api.faults.get = fault;
    await begin();
    expect(await source.fetch('shop', 1_000)).toMatchObject({ kind: 'unavailable' });
    delete api.faults.get;
    unannounced('shop');
    expect(await source.fetch('shop', 1_000)).toMatchObject({ kind: 'found' });
  });

  test('the deadline of one caller does not end the request of another', async () => {
    await begin();
    unannounced('shop');
    let reply: (() => void) | undefined;
    api.faults.get = (request, response) => {
      reply = () => {
        api.normal('get', new URL(request.url ?? '', 'http://api'), response);
      };
    };
    const [hasty, patient] = [source.fetch('shop', 10), source.fetch('shop', 1_000)];
    await eventually(() => expect(reply).toBeDefined());
    clock.advance(10);
    expect(await hasty).toMatchObject({ kind: 'unavailable' });
    reply?.();
    expect(await patient).toMatchObject({ kind: 'found' });
  });

  test('stopping ends running lookups and refuses new ones', async () => {
    api.faults.get = never;
    await begin();
    const waiting = source.fetch('shop', 60_000);
    await eventually(() => expect(api.count('get')).toBe(1));
    await source.stop();
    expect(await waiting).toMatchObject({ kind: 'unavailable' });
    expect(await source.fetch('other', 60_000)).toMatchObject({ kind: 'unavailable' });
    expect(api.count('get')).toBe(1);
  });

  test('a misspelled label is logged once and counted until the namespace is deleted', async () => {
    api.put('almost', {}, { 'agent-injector.io/injection': 'enable' });
    await begin();
    api.put('almost', { [DOMAIN]: '1' }, { [LABEL]: 'enable' });
    api.put('later');
    await eventually(() => expect(source.get('later')).toBeDefined());
    expect(source.status().mislabelled).toBe(1);
    expect(log.of('warn')).toEqual([expect.stringContaining('almost')]);
    api.remove('almost');
    await eventually(() => expect(source.status().mislabelled).toBe(0));
  });
});

const manifest = (name: string, annotations: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, annotations },
});

describe('from manifests', () => {
  test('Namespaces are read, other objects are ignored, and the last of one name counts', async () => {
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
      problem: undefined,
      mislabelled: 0,
    });
    await source.stop();
  });
});

describe('any namespace', () => {
  test('every name has the given labels and annotations', async () => {
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

describe('a Namespace is reduced to', () => {
  test('its name, its labels and our own annotations', () => {
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
    expect(toNamespace({ metadata })).toEqual({ name: 'shop', labels: { ...theirs, ...rest }, annotations: ours });
  });

  test('no more labels of others than there is room for', () => {
    const ours = { 'kubernetes.io/metadata.name': 'shop', 'agent-injector.io/injection': 'enabled' };
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`label-${index}`, 'x'.repeat(50)]));
    const found = toNamespace({ metadata: { name: 'shop', labels: { ...many, ...ours } } });
    expect(found?.labels).toMatchObject(ours);
    expect(JSON.stringify(found).length).toBeLessThan(10_000);
  });

  test.each([[{}], [{ metadata: null }], [{ metadata: { name: '' } }], [{ metadata: { name: 7 } }]])(
    'nothing for %o',
    (object) => {
      expect(toNamespace(object)).toBeUndefined();
    },
  );
});
