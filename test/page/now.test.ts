import { describe, expect, it } from 'vitest';
import { nowOf } from '../../src/page/now.ts';
import { metricRows } from '../../src/metrics/definitions.ts';

const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

const TEXT = `# HELP agent_injector_decisions_total x
agent_injector_decisions_total{namespace="shop",profile="a",outcome="injected",reason=""} 3
agent_injector_decisions_total{namespace="bank",profile="a",outcome="injected",reason=""} 4
agent_injector_decisions_total{namespace="x\\"y",profile="",outcome="skipped",reason="opted-out"} 1
agent_injector_review_duration_seconds_bucket{le="0.001"} 5
agent_injector_review_duration_seconds_bucket{le="0.005"} 7
agent_injector_review_duration_seconds_bucket{le="+Inf"} 8
agent_injector_review_duration_seconds_sum 0.5
agent_injector_review_duration_seconds_count 8
agent_injector_certificate_expiry_seconds{kind="leaf"} 1800000000
agent_injector_cache_objects{resource="claims"} 12
agent_injector_cache_synced{resource="claims"} 1
agent_injector_namespaces 5
agent_injector_namespaces_synced 0
agent_injector_namespaces_mislabelled 1
not a sample
`;

describe('nowOf', () => {
  it('adds the replicas', () => {
    const now = nowOf([TEXT, TEXT], '2026-12-01T00:00:00Z', isoOf);
    expect(now).toEqual({
      at: '2026-12-01T00:00:00Z',
      decisions: [
        { outcome: 'injected', reason: '', count: 14 },
        { outcome: 'skipped', reason: 'opted-out', count: 2 },
      ],
      latency: {
        count: 16,
        sum: 1,
        buckets: [
          [0.001, 10],
          [0.005, 14],
        ],
      },
      certificates: [{ name: 'leaf', expires: '2027-01-15T08:00:00.000Z' }],
      caches: [
        { name: 'claims', entries: 12, state: 'synced' },
        { name: 'namespaces', entries: 5, state: 'loading' },
      ],
      replicas: 2,
    });
  });

  it('is empty without samples', () => {
    expect(nowOf(['', 'x{ 1'], '', isoOf)).toEqual({
      at: '',
      decisions: [],
      latency: undefined,
      certificates: [],
      caches: [],
      replicas: 2,
    });
  });

  it('reads only names that the server writes', () => {
    const known = Object.keys(metricRows);
    const read = [...TEXT.matchAll(/^(agent_\w+)/gm)].map(([, name = '']) =>
      name.replace(/_(?:bucket|sum|count)$/, ''),
    );
    expect(read.filter((name) => !known.includes(name))).toEqual([]);
  });
});
