import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Claims, type VolumeLookup } from '../../../src/cluster/caches/persistent-volume-claims.ts';
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

async function start(volumes?: VolumeLookup): Promise<RecordingLogger> {
  const logger = new RecordingLogger();
  claims = new Claims(await api.client(clock), { logger, clock, random: () => 0 }, volumes).start();
  await claims.whenTried();
  return logger;
}

async function begin(
  items: readonly object[],
  attachments: readonly object[] = [],
  volumes?: VolumeLookup,
): Promise<void> {
  api.faults.list = ({ url = '' }, response) =>
    json(response, {
      metadata: { resourceVersion: '100' },
      items: url.includes('/volumeattachments') ? attachments : items,
    });
  await start(volumes);
  await eventually(() => expect(api.watching).toBe(2));
}

const once = { oneNode: true };

describe('a claim', () => {
  test.each<[string, object, object]>([
    ['plain', claim('c'), once],
    [
      'deleting',
      claim('c', {}, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      { ...once, deleting: true },
    ],
    ['lost', claim('c', {}, { status: { phase: 'Lost' } }), { ...once, lost: true }],
    ['of a block device', claim('c', { volumeMode: 'Block' }), { ...once, block: true }],
    ['of files', claim('c', { volumeMode: 'Filesystem' }), once],
    ['bound to a volume on a node', claim('c', { volumeName: 'pv' }), { ...once, heldBy: 'node-1' }],
    [
      'for one pod',
      claim('c', { volumeName: 'pv', accessModes: ['ReadWriteOncePod'] }),
      { ...once, heldBy: 'node-1', onePod: true },
    ],
    ['for many nodes', claim('c', { volumeName: 'pv', accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }), {}],
    ['for many readers', claim('c', { volumeName: 'pv', accessModes: ['ReadOnlyMany'] }), {}],
    [
      'whose volume has more modes than it requests',
      claim('c', { volumeName: 'pv' }, { status: { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] } }),
      {},
    ],
    ['without access modes', claim('c', { volumeName: 'pv', accessModes: [] }), {}],
    ['whose volume is being attached', claim('c', { volumeName: 'attaching' }), once],
    ['whose volume is being detached', claim('c', { volumeName: 'detaching' }), once],
    ['whose volume is attached to two nodes', claim('c', { volumeName: 'two' }), once],
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
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined, ...once });
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
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined, ...once });
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

describe('the volume of a claim', () => {
  const created = (creationTimestamp: string) => ({ metadata: { creationTimestamp }, status: { phase: 'Pending' } });
  const terms = [[{ key: 'zone', operator: 'In', values: ['a'] }]];
  const now = Date.parse('2026-01-01T00:10:00Z');

  test.each<[string, object, ReturnType<VolumeLookup['of']>, object]>([
    ['is where it can be reached', claim('c', { volumeName: 'pv' }), { terms }, { terms }],
    ['can be reached by all', claim('c', { volumeName: 'pv' }), {}, {}],
    ['will never be', claim('c', {}, created('2026-01-01T00:09:59Z')), { unbound: 'never' }, { unbound: 'never' }],
    ['comes soon', claim('c', {}, created('2026-01-01T00:09:00Z')), { unbound: 'soon' }, {}],
    ['should have come', claim('c', {}, created('2026-01-01T00:08:59Z')), { unbound: 'soon' }, { unbound: 'late' }],
    ['comes at a time that cannot be read', claim('c', {}, created('soon')), { unbound: 'soon' }, {}],
  ])('%s', async (_, item, facts, expected) => {
    await begin([item], [], { of: () => facts, now: () => now });
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined, ...once, ...expected });
  });

  test('is looked up by what the claim says', async () => {
    const asked: unknown[] = [];
    const volumes: VolumeLookup = { of: (spec) => (asked.push(spec), {}), now: () => now };
    const pending = { status: { phase: 'Pending' } };
    await begin(
      [
        claim('bound', { volumeName: 'pv', storageClassName: 'fast' }, { status: { phase: 'Bound' } }),
        claim('of-class', { storageClassName: 'fast' }, pending),
        claim('of-none', { storageClassName: '' }, pending),
        claim('of-default', {}, pending),
      ],
      [],
      volumes,
    );
    for (const name of ['bound', 'of-class', 'of-none', 'of-default']) claims.get('shop', name);
    expect(asked).toEqual([
      { claim: 'shop/bound', volume: 'pv', storageClass: undefined, pending: false },
      { claim: 'shop/of-class', volume: '', storageClass: 'fast', pending: true },
      { claim: 'shop/of-none', volume: '', storageClass: '', pending: true },
      { claim: 'shop/of-default', volume: '', storageClass: undefined, pending: true },
    ]);
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
    expect(claims.get('shop', 'c')).toEqual({ deleting: false, heldBy: undefined, ...once });
    expect(claims.get('shop', 'new')).toBe('absent');
  });
});
