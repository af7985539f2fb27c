import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Claims } from '../../../src/cluster/caches/persistent-volume-claims.ts';
import type { Logger } from '../../../src/lib/logger.ts';
import { CountingClock } from '../../support/counting-clock.ts';
import { FaultyApi, json } from '../../support/faulty-api.ts';
import { Recorder } from '../../support/recording-logger.ts';

const within = { timeout: 1_500, interval: 3 };

const claim = (name: string, spec: object = {}, more: { metadata?: object; status?: object } = {}) => ({
  metadata: { namespace: 'shop', name, resourceVersion: '1', ...more.metadata },
  spec: { accessModes: ['ReadWriteOnce'], ...spec },
  ...(more.status && { status: more.status }),
});
const attachment = (
  name: string,
  volume: unknown,
  nodeName: unknown,
  attached: unknown = true,
  metadata: object = {},
) => ({
  metadata: { name, resourceVersion: '1', ...metadata },
  spec: { nodeName, source: { persistentVolumeName: volume } },
  status: { attached },
});

let api: FaultyApi;
let clock: CountingClock;
let claims: Claims;

beforeEach(async () => {
  api = new FaultyApi();
  clock = new CountingClock();
  await api.start();
});

afterEach(async () => {
  await claims.stop();
  const left = clock.open;
  await api.kill();
  if (left !== 0) throw new Error(`${left} timers left after stop`);
});

async function begin(items: readonly object[], attachments: readonly object[] = [], logger: Logger = new Recorder()) {
  api.faults.list = ({ url = '' }, response) =>
    json(response, {
      metadata: { resourceVersion: '100' },
      items: url.includes('/volumeattachments') ? attachments : items,
    });
  claims = new Claims(await api.cluster(clock), { logger, clock }).start();
  await claims.whenTried();
  await vi.waitFor(() => expect(api.watching).toBe(2), within);
}

describe('a claim', () => {
  test.each<[string, object, object]>([
    ['plain', claim('c'), {}],
    ['deleting', claim('c', {}, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }), { deleting: true }],
    ['lost', claim('c', {}, { status: { phase: 'Lost' } }), { lost: true }],
    ['of a block device', claim('c', { volumeMode: 'Block' }), { block: true }],
    ['of files', claim('c', { volumeMode: 'Filesystem' }), {}],
    ['bound to a volume on a node', claim('c', { volumeName: 'pv' }), { heldBy: 'node-1' }],
    [
      'for one pod',
      claim('c', { volumeName: 'pv', accessModes: ['ReadWriteOncePod'] }),
      { heldBy: 'node-1', onePod: true },
    ],
    ['for many nodes', claim('c', { volumeName: 'pv', accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }), {}],
    ['for many readers', claim('c', { volumeName: 'pv', accessModes: ['ReadOnlyMany'] }), {}],
    [
      'whose volume can do more',
      claim('c', { volumeName: 'pv' }, { status: { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] } }),
      {},
    ],
    ['without modes', claim('c', { volumeName: 'pv', accessModes: [] }), {}],
    ['whose volume is being attached', claim('c', { volumeName: 'attaching' }), {}],
    ['whose volume is being detached', claim('c', { volumeName: 'detaching' }), {}],
    ['whose volume two nodes have', claim('c', { volumeName: 'two' }), {}],
    [
      'of strange shape',
      { metadata: { namespace: 'shop', name: 'c', resourceVersion: '1' }, spec: [], status: 'x' },
      {},
    ],
  ])('%s', async (_, item, expected) => {
    await begin(
      [item],
      [
        attachment('a', 'pv', 'node-1'),
        attachment('b', 'attaching', 'node-1', false),
        attachment('c', 'detaching', 'node-1', true, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
        attachment('d', 'two', 'node-1'),
        attachment('e', 'two', 'node-2'),
        attachment('f', undefined, 'node-1'),
        { metadata: { name: 'g', resourceVersion: '1' }, spec: 'x' },
      ],
    );
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined, ...expected });
    expect(claims.get('other', 'c')).toBe('absent');
  });

  test('follows what happens', async () => {
    await begin([claim('c', { volumeName: 'pv' })]);
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined });
    api.send({ type: 'ADDED', object: attachment('a', 'pv', 'node-1', true, { resourceVersion: '101' }) });
    await vi.waitFor(() => expect(claims.get('shop', 'c')).toMatchObject({ heldBy: 'node-1' }), within);
    api.send({ type: 'MODIFIED', object: attachment('a', 'pv', 'node-1', false, { resourceVersion: '102' }) });
    await vi.waitFor(() => expect(claims.get('shop', 'c')).toMatchObject({ heldBy: undefined }), within);
  });

  test('is absent only while what is new would be heard of', async () => {
    await begin([claim('c')]);
    expect(claims.get('shop', 'new')).toBe('absent');
    api.faults.list = (_, response) => json(response, { kind: 'Status', message: 'busy' }, 500);
    api.closeWatches((watcher) => watcher.destroy());
    await vi.waitFor(() => expect(claims.get('shop', 'new')).toBeUndefined(), within);
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined });
  });

  test('is not certain any more two minutes after the API server was last heard from', async () => {
    await begin([claim('c')]);
    clock.aheadMs += 119_000;
    expect(claims.get('shop', 'c')).toBeDefined();
    clock.aheadMs += 2_000;
    expect(claims.get('shop', 'c')).toBeUndefined();
    expect(claims.get('shop', 'new')).toBeUndefined();
  });
});

describe('without the permission', () => {
  const forbidden = (what: string) => ({ kind: 'Status', message: `${what} is forbidden` });

  test('nothing is known, nobody waits, and the log says so once', async () => {
    api.faults.list = (_, response) => json(response, forbidden('it'), 403);
    const log = new Recorder();
    claims = new Claims(await api.cluster(clock), {
      logger: log,
      clock,
      timing: { firstDelayMs: 1, requestCostMs: 1 },
    }).start();
    await claims.whenTried();
    await vi.waitFor(() => expect(api.count('list')).toBeGreaterThan(6), within);
    expect(claims.get('shop', 'c')).toBeUndefined();
    expect(log.messages.filter((line) => line.startsWith('warn') && line.includes('is forbidden'))).toHaveLength(2);
    expect(claims.status()['persistentvolumeclaims']).toMatchObject({ synced: false, size: 0 });
  });

  test('to volumes alone, claims are known, and nodes are not', async () => {
    api.faults.list = ({ url = '' }, response) =>
      url.includes('/volumeattachments')
        ? json(response, forbidden('it'), 403)
        : json(response, { metadata: { resourceVersion: '1' }, items: [claim('c', { volumeName: 'pv' })] });
    claims = new Claims(await api.cluster(clock), { logger: new Recorder(), clock }).start();
    await claims.whenTried();
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined });
    expect(claims.get('shop', 'new')).toBe('absent');
  });
});
