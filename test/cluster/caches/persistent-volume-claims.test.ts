import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Claims } from '../../../src/cluster/caches/persistent-volume-claims.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi, json } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

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
let clock: ManualClock;
let claims: Claims;

beforeEach(async () => {
  api = new FaultyApi();
  clock = new ManualClock();
  await api.start();
});

afterEach(async () => {
  await claims.stop();
  await api.kill();
  clock.expectNoTimers();
});

async function start(): Promise<RecordingLogger> {
  const logger = new RecordingLogger();
  claims = new Claims(await api.client(clock), { logger, clock, random: () => 0 }).start();
  await claims.whenTried();
  return logger;
}

async function begin(items: readonly object[], attachments: readonly object[] = []): Promise<void> {
  api.faults.list = ({ url = '' }, response) =>
    json(response, {
      metadata: { resourceVersion: '100' },
      items: url.includes('/volumeattachments') ? attachments : items,
    });
  await start();
  await eventually(() => expect(api.watching).toBe(2));
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
      'whose volume has more modes than it requests',
      claim('c', { volumeName: 'pv' }, { status: { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] } }),
      {},
    ],
    ['without access modes', claim('c', { volumeName: 'pv', accessModes: [] }), {}],
    ['whose volume is being attached', claim('c', { volumeName: 'attaching' }), {}],
    ['whose volume is being detached', claim('c', { volumeName: 'detaching' }), {}],
    ['whose volume is attached to two nodes', claim('c', { volumeName: 'two' }), {}],
    [
      'of an invalid shape',
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

  test('follows events', async () => {
    await begin([claim('c', { volumeName: 'pv' })]);
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined });
    api.send({ type: 'ADDED', object: attachment('a', 'pv', 'node-1', true, { resourceVersion: '101' }) });
    await eventually(() => expect(claims.get('shop', 'c')).toMatchObject({ heldBy: 'node-1' }));
    api.send({ type: 'MODIFIED', object: attachment('a', 'pv', 'node-1', false, { resourceVersion: '102' }) });
    await eventually(() => expect(claims.get('shop', 'c')).toMatchObject({ heldBy: undefined }));
  });

  test('is absent only while the watch is established', async () => {
    await begin([claim('c')]);
    expect(claims.get('shop', 'new')).toBe('absent');
    api.closeWatches((watcher) => watcher.destroy());
    await eventually(() => expect(claims.get('shop', 'new')).toBeUndefined());
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined });
  });

  test('is unknown from two minutes after the API server was last heard from', async () => {
    await begin([claim('c')]);
    clock.advance(120_000);
    expect(claims.get('shop', 'c')).toBeDefined();
    clock.advance(1);
    expect(claims.get('shop', 'c')).toBeUndefined();
    expect(claims.get('shop', 'new')).toBeUndefined();
  });
});

describe('without the permission', () => {
  const forbidden = { kind: 'Status', message: 'it is forbidden' };

  test('nothing is known, `whenTried` resolves, and each resource is logged once', async () => {
    api.faults.list = answers(forbidden, 403);
    const log = await start();
    for (let restarts = 1; restarts <= 4; restarts += 1) {
      await eventually(() =>
        expect(Object.values(claims.status())).toEqual([
          expect.objectContaining({ synced: false, size: 0, restarts }),
          expect.objectContaining({ synced: false, size: 0, restarts }),
        ]),
      );
      clock.advance(10_000);
    }
    expect(claims.get('shop', 'c')).toBeUndefined();
    expect(log.of('warn').filter((line) => line.includes(forbidden.message))).toHaveLength(2);
  });

  test('to volume attachments, claims are known and nodes are not', async () => {
    api.faults.list = ({ url = '' }, response) =>
      url.includes('/volumeattachments')
        ? json(response, forbidden, 403)
        : json(response, { metadata: { resourceVersion: '1' }, items: [claim('c', { volumeName: 'pv' })] });
    await start();
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined });
    expect(claims.get('shop', 'new')).toBe('absent');
  });
});
