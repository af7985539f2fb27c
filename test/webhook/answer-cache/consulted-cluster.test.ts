import { describe, expect, it } from 'vitest';
import { type ClusterState, unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import { recordLookups } from '../../../src/webhook/answer-cache/consulted-cluster.ts';

const plain = { deleting: false, heldBy: undefined };
const quota = (left: number) => ({ name: 'most', left: new Map([['persistentvolumeclaims', left]]) });
const cluster = (other: Partial<ClusterState> = {}): ClusterState => ({
  kubernetes: { major: 1, minor: 36 },
  configMapKeys: () => new Set(['A', 'B']),
  claim: () => ({ ...plain }),
  quotas: () => [quota(3)],
  limitRanges: () => [],
  ...other,
});

const asked = (of: ClusterState): ReturnType<typeof recordLookups> => {
  const consulted = recordLookups(of);
  const { facts } = consulted;
  facts.configMapKeys('shop', 'env');
  facts.claim?.('shop', 'files');
  facts.quotas?.('shop');
  facts.limitRanges?.('shop');
  return consulted;
};

describe('facts that were asked for', () => {
  it('are what the cluster says', () => {
    const consulted = recordLookups(cluster());
    expect(consulted.facts.claim?.('shop', 'files')).toEqual(plain);
    expect(consulted.facts.kubernetes).toEqual({ major: 1, minor: 36 });
    expect(consulted.questions()).toBe(1);
  });

  it('leave out what the cluster does not look at', () => {
    const { facts } = recordLookups(unknownCluster);
    expect([facts.claim, facts.quotas, facts.limitRanges, facts.workload]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('hold while every answer is the same, if by other objects', () => {
    expect(asked(cluster()).holds(cluster())).toBe(true);
    expect(asked(unknownCluster).holds({ ...unknownCluster })).toBe(true);
  });

  it.each<[string, Partial<ClusterState>]>([
    ['the version', { kubernetes: { major: 1, minor: 37 } }],
    ['the version is not known any more', { kubernetes: undefined }],
    ['a key less', { configMapKeys: () => new Set(['A']) }],
    ['another key', { configMapKeys: () => new Set(['A', 'C']) }],
    ['no ConfigMap', { configMapKeys: () => undefined }],
    ['the claim is gone', { claim: () => 'absent' }],
    ['the claim is being deleted', { claim: () => ({ ...plain, deleting: true }) }],
    ['the claim is held', { claim: () => ({ ...plain, heldBy: 'node-1' }) }],
    ['a claim for one pod', { claim: () => ({ ...plain, onePod: true }) }],
    ['less is left', { quotas: () => [quota(2)] }],
    ['another quota', { quotas: () => [quota(3), quota(3)] }],
    ['quotas are not known', { quotas: () => undefined }],
    ['a limit', { limitRanges: () => [{ name: 'l', type: 'Pod', min: new Map(), max: new Map(), ratio: new Map() }] }],
  ])('do not hold: %s', (_, other) => {
    expect(asked(cluster()).holds(cluster(other))).toBe(false);
  });

  it('that nobody asked for may change', () => {
    const consulted = recordLookups(cluster());
    consulted.facts.claim?.('shop', 'files');
    const now = cluster({ quotas: () => [quota(0)], claim: (_, name) => (name === 'files' ? { ...plain } : 'absent') });
    expect(consulted.holds(now)).toBe(true);
  });
});
