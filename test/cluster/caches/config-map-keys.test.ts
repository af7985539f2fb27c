import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigMapKeys } from '../../../src/cluster/caches/config-map-keys.ts';
import type { KubeClient } from '../../../src/cluster/client/types.ts';
import { objectIn } from '../../../src/lib/json.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const configMap = (namespace: string, name: string, data: unknown, version = '1', rest: object = {}) => ({
  metadata: { namespace, name, resourceVersion: version },
  ...(data !== undefined && { data }),
  ...rest,
});

let api: FaultyApi;
let clock: ManualClock;
let keys: ConfigMapKeys;

beforeEach(async () => {
  api = new FaultyApi();
  clock = new ManualClock();
  await api.start();
});

afterEach(async () => {
  await keys.stop();
  await api.kill();
  clock.expectNoTimers();
});

async function start(items: readonly object[], client?: KubeClient): Promise<void> {
  api.faults.list = answers({ metadata: { resourceVersion: '100' }, items }, 200);
  keys = new ConfigMapKeys(client ?? (await api.client(clock)), { logger: new RecordingLogger(), clock }).start();
  await eventually(() => expect(api.watching).toBe(1));
}

const get = (namespace: string, name: string) => {
  const found = keys.get(namespace, name);
  return found && [...found];
};

describe('the keys of ConfigMaps', () => {
  test('are those of data, by namespace and name', async () => {
    await start([
      configMap('shop', 'a', { ONE: 'x', TWO: 'x' }),
      configMap('other', 'a', { THREE: 'x' }),
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

  test('are one object for all who remember them', async () => {
    await start([configMap('shop', 'a', { ONE: 'x' })]);
    expect(keys.get('shop', 'a')).toBe(keys.get('shop', 'a'));
  });

  test('are unknown for a ConfigMap that consists of keys', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 4_000 }, (_, index) => [`KEY_${'x'.repeat(200)}_${index}`, '']),
    );
    await start([configMap('shop', 'many', many), configMap('shop', 'a', { ONE: 'x' })]);
    expect([get('shop', 'many'), get('shop', 'a')]).toEqual([undefined, ['ONE']]);
  });

  test('are unknown before the first list', async () => {
    api.faults.list = answers({ kind: 'Status', message: 'configmaps is forbidden' }, 403);
    keys = new ConfigMapKeys(await api.client(clock), { logger: new RecordingLogger(), clock }).start();
    await eventually(() => expect(keys.status().problem).toContain('configmaps is forbidden'));
    expect(get('shop', 'a')).toBeUndefined();
  });

  test('follow events', async () => {
    await start([configMap('shop', 'a', { ONE: 'x' })]);
    api.send({ type: 'MODIFIED', object: configMap('shop', 'a', { ONE: 'x', TWO: 'x' }, '101') });
    await eventually(() => expect(get('shop', 'a')).toEqual(['ONE', 'TWO']));
    api.send({ type: 'ADDED', object: configMap('shop', 'b', null, '102') });
    await eventually(() => expect(get('shop', 'b')).toEqual([]));
    api.send({ type: 'DELETED', object: configMap('shop', 'a', { ONE: 'x' }, '103') });
    await eventually(() => expect(get('shop', 'a')).toBeUndefined());
  });

  test('are read in small pages, without the ConfigMap that every namespace has', async () => {
    await start([]);
    const requests = api.seen.map(({ kind, url }) => [kind, url.pathname, url.searchParams.get('fieldSelector')]);
    const selector = 'metadata.name!=kube-root-ca.crt';
    expect(requests).toEqual([
      ['list', '/api/v1/configmaps', selector],
      ['watch', '/api/v1/configmaps', selector],
    ]);
    expect(api.seen[0]?.url.searchParams.get('limit')).toBe('25');
  });

  test('are unknown from two minutes after the API server was last heard from until it is heard from again', async () => {
    await start([configMap('shop', 'a', { ONE: 'x' })]);
    const answer = api.faults.list;
    api.faults.list = answers({}, 500);
    clock.advance(120_000);
    expect(get('shop', 'a')).toEqual(['ONE']);
    clock.advance(1);
    expect(get('shop', 'a')).toBeUndefined();
    await eventually(() => expect(keys.status().restarts).toBe(1));
    if (answer) api.faults.list = answer;
    clock.advanceToNext();
    await eventually(() => expect(get('shop', 'a')).toEqual(['ONE']));
  });

  test('are all that is kept of a ConfigMap', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const client = await api.client(clock);
    const read: WeakRef<object>[] = [];
    const observed: KubeClient = {
      ...client,
      getItems: (path, options) =>
        client.getItems(path, {
          ...options,
          onItem: (item) => {
            read.push(new WeakRef(item), new WeakRef(objectIn(item, 'data')));
            return options.onItem(item);
          },
        }),
    };
    await start([configMap('shop', 'a', { ONE: 'a value' })], observed);
    expect(read).toHaveLength(2);
    await eventually(() => {
      collectGarbage();
      expect(read.map((ref) => ref.deref())).toEqual([undefined, undefined]);
    });
    expect(get('shop', 'a')).toEqual(['ONE']);
  });
});
