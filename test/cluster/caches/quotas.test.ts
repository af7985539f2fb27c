import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NamespaceIndex } from '../../../src/cluster/watch/namespace-index.ts';
import { Quotas } from '../../../src/cluster/caches/quotas.ts';
import { FaultyApi, json } from '../../support/faulty-api.ts';
import { Recorder } from '../../support/recording-logger.ts';

const within = { timeout: 1_500, interval: 3 };

const quota = (name: string, status: unknown, spec: object = {}, version = '1', namespace = 'shop') => ({
  metadata: { namespace, name, resourceVersion: version },
  spec,
  status,
});
const left = (namespace = 'shop') =>
  quotas.left(namespace)?.map(({ name, left: of }) => [name, Object.fromEntries(of)]);

let api: FaultyApi;
let quotas: Quotas;

beforeEach(async () => {
  api = new FaultyApi();
  await api.start();
});

afterEach(async () => {
  await quotas?.stop();
  await api.kill();
});

async function begin(items: readonly object[], ranges: readonly object[] = []): Promise<void> {
  api.faults.list = ({ url = '' }, response) =>
    json(response, { metadata: { resourceVersion: '100' }, items: url.includes('/limitranges') ? ranges : items });
  quotas = new Quotas(await api.cluster(), { logger: new Recorder() }).start();
  await quotas.whenTried();
  await vi.waitFor(() => expect(api.watching).toBe(2), within);
}

describe('quotas', () => {
  test('are what is left of what limits claims, by namespace', async () => {
    await begin([
      quota('a', {
        hard: {
          persistentvolumeclaims: '3',
          'requests.storage': '2Gi',
          'requests.cpu': '1',
          'count/persistentvolumeclaims': '5',
        },
        used: {
          persistentvolumeclaims: '1',
          'requests.storage': '1Gi',
          'requests.cpu': '1',
          'count/persistentvolumeclaims': '5',
        },
      }),
      quota(
        'other',
        { hard: { persistentvolumeclaims: '1' }, used: { persistentvolumeclaims: '2' } },
        {},
        '1',
        'other',
      ),
    ]);
    expect(left()).toEqual([
      ['a', { persistentvolumeclaims: 2, 'requests.storage': 2 ** 30, 'count/persistentvolumeclaims': 0 }],
    ]);
    expect(left('other')).toEqual([['other', { persistentvolumeclaims: -1 }]]);
    expect(left('none')).toEqual([]);
  });

  test.each([
    [
      'with a scope',
      { hard: { persistentvolumeclaims: '0' }, used: { persistentvolumeclaims: '0' } },
      { scopes: ['BestEffort'] },
    ],
    [
      'with a selector',
      { hard: { persistentvolumeclaims: '0' }, used: { persistentvolumeclaims: '0' } },
      { scopeSelector: {} },
    ],
    ['not counted yet', undefined, { hard: { persistentvolumeclaims: '0' } }],
    ['half counted', { hard: { persistentvolumeclaims: '0' } }, {}],
    ['of nonsense', { hard: { persistentvolumeclaims: 'x' }, used: 'y' }, {}],
  ])('say nothing where they are %s', async (_, status, spec) => {
    await begin([quota('a', status, spec)]);
    expect(left()).toEqual([['a', {}]]);
  });

  test('follow what happens, and are not known without the permission', async () => {
    const status = (used: string) => ({
      hard: { persistentvolumeclaims: '2' },
      used: { persistentvolumeclaims: used },
    });
    await begin([quota('a', status('0'))]);
    api.send({ type: 'MODIFIED', object: quota('a', status('2'), {}, '101') });
    await vi.waitFor(() => expect(left()).toEqual([['a', { persistentvolumeclaims: 0 }]]), within);
    api.send({ type: 'ADDED', object: quota('b', status('1'), {}, '102') });
    await vi.waitFor(() => expect(left()?.map(([name]) => name)).toEqual(['a', 'b']), within);
    api.send({ type: 'DELETED', object: quota('a', status('2'), {}, '103') });
    await vi.waitFor(() => expect(left()?.map(([name]) => name)).toEqual(['b']), within);
    await quotas.stop();

    api.faults.list = (_, response) => json(response, { kind: 'Status', message: 'forbidden' }, 403);
    quotas = new Quotas(await api.cluster(), { logger: new Recorder() }).start();
    await quotas.whenTried();
    expect(quotas.left('shop')).toBeUndefined();
    expect(quotas.limits('shop')).toBeUndefined();
  });
});

test('LimitRanges are their entries', async () => {
  const metadata = { namespace: 'shop', name: 'r', resourceVersion: '1' };
  const limits = [
    { type: 'Container', min: { cpu: '100m' }, max: { memory: '1Gi' }, maxLimitRequestRatio: { cpu: '2' } },
    { type: 'PersistentVolumeClaim', max: { storage: '2Gi' } },
  ];
  await begin(
    [],
    [
      { metadata, spec: { limits } },
      { metadata: { ...metadata, name: 'strange' }, spec: { limits: ['x'] } },
    ],
  );
  const none = new Map();
  expect(quotas.limits('shop')).toEqual([
    {
      name: 'r',
      type: 'Container',
      min: new Map([['cpu', 0.1]]),
      max: new Map([['memory', 2 ** 30]]),
      ratio: new Map([['cpu', 2]]),
    },
    { name: 'r', type: 'PersistentVolumeClaim', min: none, max: new Map([['storage', 2 ** 31]]), ratio: none },
  ]);
  expect(quotas.limits('other')).toEqual([]);
});

test('a grouped map finds by key and by group, whatever changes', () => {
  const map = new NamespaceIndex<{ readonly in: string | undefined }>((value) => value.in);
  const [one, two, three] = [{ in: 'a' }, { in: 'a' }, { in: undefined }];
  map.set('1', one);
  map.set('2', two);
  map.set('3', three);
  expect([map.size, map.group('a'), map.group('b')]).toEqual([3, [one, two], []]);
  map.set('1', { in: 'b' });
  expect([map.size, map.group('a'), map.group('b')]).toEqual([3, [two], [{ in: 'b' }]]);
  map.delete('2');
  map.delete('2');
  map.delete('3');
  expect([map.size, map.group('a'), map.get('2'), map.get('1')]).toEqual([1, [], undefined, { in: 'b' }]);
});
