import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConfigMapKeys } from '../../../src/cluster/caches/config-map-keys.ts';
import { CountingClock } from '../../support/counting-clock.ts';
import { FaultyApi, json } from '../../support/faulty-api.ts';
import { Recorder } from '../../support/recording-logger.ts';

const within = { timeout: 1_500, interval: 3 };
const SECRET = 'a value that nobody may keep';

const configMap = (namespace: string, name: string, data: unknown, version = '1', rest: object = {}) => ({
  metadata: { namespace, name, resourceVersion: version },
  ...(data !== undefined && { data }),
  ...rest,
});

let api: FaultyApi;
let clock: CountingClock;
let keys: ConfigMapKeys;

beforeEach(async () => {
  api = new FaultyApi();
  clock = new CountingClock();
  await api.start();
});

afterEach(async () => {
  await keys.stop();
  const left = clock.open;
  await api.kill();
  if (left !== 0) throw new Error(`${left} timers left after stop`);
});

async function begin(items: readonly object[]): Promise<void> {
  api.faults.list = (_, response) => json(response, { metadata: { resourceVersion: '100' }, items });
  keys = new ConfigMapKeys(await api.cluster(clock), { logger: new Recorder(), clock }).start();
  await vi.waitFor(() => expect(api.watching).toBe(1), within);
}

const get = (namespace: string, name: string) => {
  const found = keys.get(namespace, name);
  return found && [...found];
};

describe('the keys of ConfigMaps', () => {
  test('are those of data, by namespace and name', async () => {
    await begin([
      configMap('shop', 'a', { ONE: SECRET, TWO: SECRET }),
      configMap('other', 'a', { THREE: SECRET }),
      configMap('shop', 'binary', undefined, '1', { binaryData: { FOUR: 'AA==' } }),
      configMap('shop', '__proto__', JSON.parse('{"__proto__":"x"}')),
    ]);
    expect(get('shop', 'a')).toEqual(['ONE', 'TWO']);
    expect(get('other', 'a')).toEqual(['THREE']);
    expect(get('shop', 'binary')).toEqual([]);
    expect(get('shop', '__proto__')).toEqual(['__proto__']);
    expect(get('shop', 'b')).toBeUndefined();
    expect(keys.status()).toMatchObject({ synced: true, size: 4 });
  });

  test('are not known before the first list', async () => {
    api.faults.list = (_, response) => json(response, { kind: 'Status', message: 'configmaps is forbidden' }, 403);
    keys = new ConfigMapKeys(await api.cluster(clock), { logger: new Recorder(), clock }).start();
    await vi.waitFor(() => expect(keys.status().trouble).toContain('configmaps is forbidden'), within);
    expect(get('shop', 'a')).toBeUndefined();
  });

  test('follow what happens', async () => {
    await begin([configMap('shop', 'a', { ONE: SECRET })]);
    api.send({ type: 'MODIFIED', object: configMap('shop', 'a', { ONE: SECRET, TWO: SECRET }, '101') });
    await vi.waitFor(() => expect(get('shop', 'a')).toEqual(['ONE', 'TWO']), within);
    api.send({ type: 'ADDED', object: configMap('shop', 'b', null, '102') });
    await vi.waitFor(() => expect(get('shop', 'b')).toEqual([]), within);
    api.send({ type: 'DELETED', object: configMap('shop', 'a', { ONE: SECRET }, '103') });
    await vi.waitFor(() => expect(get('shop', 'a')).toBeUndefined(), within);
  });

  test('are asked for in small pages, without the one that is in every namespace', async () => {
    await begin([]);
    const asked = api.seen.map(({ kind, url }) => [kind, url.pathname, url.searchParams.get('fieldSelector')]);
    const selector = 'metadata.name!=kube-root-ca.crt';
    expect(asked).toEqual([
      ['list', '/api/v1/configmaps', selector],
      ['watch', '/api/v1/configmaps', selector],
    ]);
    expect(api.seen[0]?.url.searchParams.get('limit')).toBe('25');
  });

  test('are not certain any more two minutes after the API server was last heard from', async () => {
    await begin([configMap('shop', 'a', { ONE: SECRET })]);
    clock.aheadMs += 119_000;
    expect(get('shop', 'a')).toEqual(['ONE']);
    clock.aheadMs += 2_000;
    expect(get('shop', 'a')).toBeUndefined();
    api.bookmark();
    await vi.waitFor(() => expect(keys.status().ageMs).toBeLessThan(1_000), within);
    expect(get('shop', 'a')).toEqual(['ONE']);
  });

  test('are all that is kept of a ConfigMap', async () => {
    await begin([configMap('shop', 'a', { ONE: SECRET }, '1', { immutable: true })]);
    const kept: unknown[] = [];
    const seen = new Set<unknown>();
    const walk = (value: unknown): void => {
      if (typeof value === 'string') kept.push(value);
      if (typeof value !== 'object' || value === null || seen.has(value)) return;
      seen.add(value);
      if (value instanceof Map) for (const entry of value) walk(entry);
      for (const one of Object.values(value)) walk(one);
    };
    walk(keys);
    expect(kept).toContain('ONE');
    expect(kept).not.toContain(SECRET);
  });
});
