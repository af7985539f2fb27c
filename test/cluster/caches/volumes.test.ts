import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ClaimSpec, NEW_CLAIM, Volumes, volumesFrom } from '../../../src/cluster/caches/volumes.ts';
import type { VolumeFacts } from '../../../src/kubernetes/cluster-state.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi, json } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const inZoneA = { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a'] };
const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [inZoneA] }] } };
const volume = (name: string, spec: JsonObject = {}) => ({ metadata: { name, resourceVersion: '1' }, spec });
const taken = { claimRef: { namespace: 'shop', name: 'other', uid: 'u' } };
const reserved = { claimRef: { namespace: 'shop', name: 'files' } };
const storageClass = (name: string, more: JsonObject = {}, annotations: JsonObject = {}) => ({
  metadata: { name, resourceVersion: '1', annotations },
  provisioner: 'ebs.csi.aws.com',
  volumeBindingMode: 'Immediate',
  ...more,
});
const waiting = { volumeBindingMode: 'WaitForFirstConsumer' };
const none = { provisioner: 'kubernetes.io/no-provisioner' };
const standard = { 'storageclass.kubernetes.io/is-default-class': 'true' };

const volumes = [
  volume('zonal', { nodeAffinity, ...taken }),
  volume('shared', taken),
  volume('by-hand', { storageClassName: 'manual' }),
  volume('for-files', { storageClassName: 'reserved', ...reserved }),
  volume('used', { storageClassName: 'used', ...taken }),
  volume('local', { storageClassName: 'local', nodeAffinity }),
];
const classes = [
  storageClass('fast'),
  storageClass('waits', waiting),
  storageClass('local', { ...none, ...waiting }),
  storageClass('empty', { ...none, ...waiting }),
  storageClass('zonal', { ...waiting, allowedTopologies: [{ matchLabelExpressions: [inZoneA] }] }),
];

const bound = (name: string): ClaimSpec => ({
  claim: 'shop/files',
  volume: name,
  storageClass: undefined,
  pending: false,
});
const pending = (name: string | undefined, claim = 'shop/files'): ClaimSpec => ({
  claim,
  volume: '',
  storageClass: name,
  pending: true,
});
const NEVER = { unbound: 'never' };
const SOON = { unbound: 'soon' };

describe('the volume', () => {
  test.each<[string, ClaimSpec, object]>([
    ['of a zone', bound('zonal'), { terms: [[inZoneA]] }],
    ['of any node', bound('shared'), {}],
    ['that is not there, of a claim that had it', bound('gone'), {}],
    ['that a claim waits for by its name', { ...bound('gone'), pending: true }, NEVER],
    ['that a class makes at once', pending('fast'), SOON],
    ['that a class makes for the pod', pending('waits'), {}],
    ['that a class makes in a zone for the pod', pending('zonal'), { terms: [[inZoneA]] }],
    ['of a class that is not there', pending('other'), NEVER],
    ['of no class', pending(''), NEVER],
    ['of the default class, without one', pending(undefined), NEVER],
    ['by hand, and one is free', pending('manual'), SOON],
    ['by hand, and one is reserved for the claim', pending('reserved'), SOON],
    ['by hand, and one is reserved for another', pending('reserved', 'shop/other'), NEVER],
    ['by hand, and all are taken', pending('used'), NEVER],
    ['of a local disk that is there', pending('local'), {}],
    ['of a local disk, and there is none', pending('empty'), NEVER],
    ['of a new claim', { ...NEW_CLAIM, storageClass: 'fast' }, SOON],
  ])('%s', (_, claim, facts) => {
    expect(volumesFrom(volumes, classes)(claim)).toEqual(facts);
  });

  test('of the default class, if there is one', () => {
    const of = volumesFrom([], [...classes, storageClass('standard', waiting, standard)]);
    expect([of(pending(undefined)), of(pending(''))]).toEqual([{}, NEVER]);
  });

  test.each<[string, (claim: ClaimSpec) => VolumeFacts]>([
    ['volumes', volumesFrom(undefined, classes)],
    ['classes', volumesFrom(volumes, undefined)],
  ])('is unknown without the %s', (_, of) => {
    expect([of(pending('')), of(pending('other')), of(bound('gone'))]).toEqual([{}, {}, {}]);
  });
});

describe('a watch of volumes', () => {
  let api: FaultyApi;
  let clock: ManualClock;
  let watched: Volumes;

  beforeEach(async () => {
    api = new FaultyApi();
    clock = new ManualClock();
    await api.start();
  });

  afterEach(async () => {
    await watched.stop();
    await api.kill();
    clock.expectNoTimers();
  });

  async function start(): Promise<void> {
    watched = new Volumes(await api.client(clock), { logger: new RecordingLogger(), clock, random: () => 0 }).start();
    await watched.whenTried();
  }

  test('follows both, and knows what is missing only while it is established', async () => {
    api.faults.list = ({ url = '' }, response) =>
      json(response, {
        metadata: { resourceVersion: '100' },
        items: url.includes('storageclasses') ? classes : volumes,
      });
    await start();
    await eventually(() => expect(api.watching).toBe(2));
    expect(watched.of(pending(''))).toEqual(NEVER);
    api.send({ type: 'ADDED', object: { ...volume('new'), metadata: { name: 'new', resourceVersion: '101' } } });
    await eventually(() => expect(watched.of(pending(''))).toEqual(SOON));
    expect(watched.of(pending('other'))).toEqual(NEVER);
    api.closeWatches((watcher) => watcher.destroy());
    await eventually(() => expect(watched.of(pending('other'))).toEqual({}));
  });

  test('without the permission knows nothing', async () => {
    api.faults.list = answers({ kind: 'Status', message: 'it is forbidden' }, 403);
    await start();
    expect([watched.of(pending('')), watched.of(bound('zonal'))]).toEqual([{}, {}]);
    expect(watched.status()).toMatchObject({ persistentvolumes: { synced: false }, storageclasses: { synced: false } });
  });
});
