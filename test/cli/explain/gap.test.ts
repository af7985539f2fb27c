import { describe, expect, it } from 'vitest';
import { gapFindings } from '../../../src/cli/explain/gap.ts';
import { type ExplanationResult, explainWorkload } from '../../../src/cli/explain/result.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import { podKind, workloadKindNamed } from '../../../src/kubernetes/workload.ts';
import { catalogue, namespace, pod } from '../../support/fixtures.ts';

const web = pod();
const known = { name: 'shop', known: namespace() };

function explained(kind: string, rest: Partial<ExplanationResult>): ExplanationResult {
  const target = { workload: workloadKindNamed(kind) ?? podKind, name: 'web', object: web, template: web };
  const result = explainWorkload(target, known, { catalogue, cluster: unknownCluster });
  expect(result.decision.outcome).toBe('injected');
  return { ...result, ...rest };
}

const deployment = (injected: number, outdated: number): ExplanationResult =>
  explained('deploy', { pods: { total: 3, injected, outdated } });

describe('the gap between what runs and what would be decided', () => {
  it.each([
    ['pods without an agent', deployment(1, 0), ['pods-without-agent']],
    ['pods with an earlier version', deployment(3, 2), ['pods-outdated']],
    ['pods as new ones would be', deployment(3, 0), []],
    ['a pod without a record', explained('pod', { exists: true }), ['not-asked-then']],
    ['a manifest', explained('pod', {}), []],
  ])('of %s', (_, result, codes) => {
    expect(gapFindings(result, web).map(({ code }) => code)).toEqual(codes);
  });

  it.each(['not-installed', 'never-called'])('is not closed by a restart where the finding is %s', (code) => {
    const findings = [{ code, message: 'no new pod gets an agent' }];
    for (const result of [deployment(1, 0), explained('pod', { exists: true })])
      expect(gapFindings({ ...result, findings }, web)).toEqual([]);
  });
});
