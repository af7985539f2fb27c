import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Quotas } from '../../../src/cluster/caches/quotas.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi, json } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const quota = (name: string, status: unknown, spec: object = {}, version = '1', namespace = 'shop') => ({
  metadata: { namespace, name, resourceVersion: version },
  spec,
  status,
});
const left = (namespace = 'shop') =>
  quotas.left(namespace)?.map(({ name, left: of }) => [name, Object.fromEntries(of)]);

let api: FaultyApi;
let clock: ManualClock;
let quotas: Quotas;

beforeEach(async () => {
  api = new FaultyApi();
  clock = new ManualClock();
  await api.start();
});

afterEach(async () => {
  await quotas.stop();
  await api.kill();
  clock.expectNoTimers();
});

async function start(): Promise<void> {
  quotas = new Quotas(await api.client(clock), { logger: new RecordingLogger(), clock }).start();
  await quotas.whenTried();
}

async function begin(items: readonly object[], ranges: readonly object[] = []): Promise<void> {
  api.faults.list = ({ url = '' }, response) =>
    json(response, { metadata: { resourceVersion: '100' }, items: url.includes('/limitranges') ? ranges : items });
  await start();
  await eventually(() => expect(api.watching).toBe(2));
}

describe('quotas', () => {
  test('are what is left of the resources that limit claims, by namespace', async () => {
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
    ['without a status', undefined, { hard: { persistentvolumeclaims: '0' } }],
    ['with a partial status', { hard: { persistentvolumeclaims: '0' } }, {}],
    ['with an invalid status', { hard: { persistentvolumeclaims: 'x' }, used: 'y' }, {}],
  ])('have no limits when they are %s', async (_, status, spec) => {
    await begin([quota('a', status, spec)]);
    expect(left()).toEqual([['a', {}]]);
  });

  test('follow events, and are unknown without the permission', async () => {
    const status = (used: string) => ({
      hard: { persistentvolumeclaims: '2' },
      used: { persistentvolumeclaims: used },
    });
    await begin([quota('a', status('0'))]);
    api.send({ type: 'MODIFIED', object: quota('a', status('2'), {}, '101') });
    await eventually(() => expect(left()).toEqual([['a', { persistentvolumeclaims: 0 }]]));
    api.send({ type: 'ADDED', object: quota('b', status('1'), {}, '102') });
    await eventually(() => expect(left()?.map(([name]) => name)).toEqual(['a', 'b']));
    api.send({ type: 'DELETED', object: quota('a', status('2'), {}, '103') });
    await eventually(() => expect(left()?.map(([name]) => name)).toEqual(['b']));
    await quotas.stop();

    api.faults.list = answers({ kind: 'Status', message: 'forbidden' }, 403);
    await start();
    expect(quotas.left('shop')).toBeUndefined();
    expect(quotas.limits('shop')).toBeUndefined();
  });
});

test('LimitRanges are read as their entries', async () => {
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
