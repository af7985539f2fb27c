import { describe, expect, it } from 'vitest';
import { type ClusterState, unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import { recordLookups } from '../../../src/webhook/answer-cache/lookup-recorder.ts';

const plain = { deleting: false, heldBy: undefined };
const quota = (left: number) => ({ name: 'most', left: new Map([['persistentvolumeclaims', left]]) });
const cluster = (other: Partial<ClusterState> = {}): ClusterState => ({
  kubernetes: { major: 1, minor: 36 },
  configMapKeys: () => new Set(['A', 'B']),
  claim: () => ({ ...plain }),
  quotas: () => [quota(3)],
  limitRanges: () => [],
  nodes: () => ({ mountImages: true, single: false }),
  newVolume: () => ({}),
  imageFacts: () => undefined,
  ...other,
});

/** The result of one lookup of each kind. */
const recorded = (state: ClusterState): ReturnType<typeof recordLookups> => {
  const lookups = recordLookups(state);
  lookups.cluster.configMapKeys('shop', 'env');
  lookups.cluster.claim?.('shop', 'files');
  lookups.cluster.quotas?.('shop');
  lookups.cluster.limitRanges?.('shop');
  lookups.cluster.nodes?.();
  lookups.cluster.newVolume?.(undefined);
  lookups.cluster.imageFacts?.('web:1');
  return lookups;
};

describe('recorded lookups', () => {
  it('have the results of the cluster', () => {
    const lookups = recordLookups(cluster());
    expect(lookups.cluster.claim?.('shop', 'files')).toEqual(plain);
    expect(lookups.cluster.kubernetes).toEqual({ major: 1, minor: 36 });
    expect(lookups.count()).toBe(1);
  });

  it('leave out what the cluster does not watch', () => {
    expect(Object.keys(recordLookups(unknownCluster).cluster)).toEqual(['kubernetes', 'configMapKeys']);
  });

  it('match while every result is the same, also in other objects', () => {
    expect(recorded(cluster()).matches(cluster())).toBe(true);
    expect(recorded(unknownCluster).matches({ ...unknownCluster })).toBe(true);
  });

  it.each<[string, Partial<ClusterState>]>([
    ['another version', { kubernetes: { major: 1, minor: 37 } }],
    ['an unknown version', { kubernetes: undefined }],
    ['a missing key', { configMapKeys: () => new Set(['A']) }],
    ['another key', { configMapKeys: () => new Set(['A', 'C']) }],
    ['a missing ConfigMap', { configMapKeys: () => undefined }],
    ['a deleted claim', { claim: () => 'absent' }],
    ['a claim that is being deleted', { claim: () => ({ ...plain, deleting: true }) }],
    ['a claim in use', { claim: () => ({ ...plain, heldBy: 'node-1' }) }],
    ['nodes that cannot mount images', { nodes: () => ({ mountImages: false, single: false }) }],
    ['OpenShift', { openShift: true }],
    ['an image that is known now', { imageFacts: () => 'outdated' }],
    ['unknown nodes', { nodes: () => undefined }],
    ['a storage class that makes no volumes', { newVolume: () => ({ unbound: 'never' }) }],
    ['a claim without a volume', { claim: () => ({ ...plain, unbound: 'late' }) }],
    ['a claim for one pod', { claim: () => ({ ...plain, onePod: true }) }],
    ['less quota', { quotas: () => [quota(2)] }],
    ['one more quota', { quotas: () => [quota(3), quota(3)] }],
    ['unknown quotas', { quotas: () => undefined }],
    [
      'a limit range',
      { limitRanges: () => [{ name: 'l', type: 'Pod', min: new Map(), max: new Map(), ratio: new Map() }] },
    ],
  ])('do not match %s', (_, other) => {
    expect(recorded(cluster()).matches(cluster(other))).toBe(false);
  });

  it('match if only something else has changed', () => {
    const lookups = recordLookups(cluster());
    lookups.cluster.claim?.('shop', 'files');
    const current = cluster({
      quotas: () => [quota(0)],
      claim: (_, name) => (name === 'files' ? { ...plain } : 'absent'),
    });
    expect(lookups.matches(current)).toBe(true);
  });

  it('tell the default class of volumes from no class', () => {
    const lookups = recordLookups(cluster());
    lookups.cluster.newVolume?.(undefined);
    lookups.cluster.newVolume?.('');
    const changed = cluster({ newVolume: (name) => (name === undefined ? { unbound: 'never' } : {}) });
    expect(lookups.matches(changed)).toBe(false);
  });
});
