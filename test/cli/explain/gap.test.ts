import { describe, expect, it } from 'vitest';
import { gapFindings } from '../../../src/cli/explain/gap.ts';
import { explanationLines } from '../../../src/cli/explain/text.ts';
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

  it.each(['not-installed', 'never-called', 'calls-fail'])(
    'is not closed by a restart where the finding is %s',
    (code) => {
      const findings = [{ code, message: 'no new pod gets an agent' }];
      for (const result of [deployment(1, 0), explained('pod', { exists: true })])
        expect(gapFindings({ ...result, findings }, web)).toEqual([]);
    },
  );
});

describe('the first line where agent-injector is not reached', () => {
  const linesOf = (result: ExplanationResult): readonly string[] => explanationLines(result).map((line) => line.trim());
  const obstructed = (result: ExplanationResult, code: string, onFailure?: 'Fail' | 'Ignore'): ExplanationResult => ({
    ...result,
    findings: [{ code, message: 'why' }],
    ...(onFailure && { apiServer: [{ configuration: 'c', entry: 'e', called: 'yes', why: 'no caBundle', onFailure }] }),
  });

  it.each<[code: string, onFailure: 'Fail' | 'Ignore' | undefined, line: RegExp]>([
    ['not-installed', undefined, /^new pods: not injected: .*not installed/],
    ['never-called', undefined, /^new pods: not injected: /],
    ['calls-fail', 'Ignore', /^new pods: not injected: /],
    ['calls-fail', 'Fail', /^new pods: refused: /],
  ])('%s, %s', (code, onFailure, line) => {
    const lines = linesOf(obstructed(deployment(1, 0), code, onFailure));
    expect(lines[1]).toMatch(line);
    expect(lines[2]).toMatch(/^otherwise: injected /);
    const ofPod = linesOf(obstructed(explained('pod', { exists: true }), code, onFailure));
    expect(ofPod.find((one) => one.startsWith('injected'))).toBeUndefined();
  });

  it('is the decision where it is reached', () => {
    expect(linesOf(deployment(1, 0))[1]).toMatch(/^new pods: injected /);
  });
});

it('what the reason says already is no line of its own', () => {
  const misspelled = pod(undefined, { containers: 'wbe' });
  const target = { workload: podKind, name: 'web', object: misspelled, template: misspelled };
  const lines = explanationLines(explainWorkload(target, known, { catalogue, cluster: unknownCluster }));
  expect(lines[1]).toContain('container "wbe" not found');
  expect(lines.filter((line) => line.startsWith('  ! '))).toEqual([]);
});

it('one check that holds is one', () => {
  const result = deployment(1, 0);
  const [step] = result.decision.path;
  if (!step) throw new Error('the decision has no steps');
  const { reason: _reason, ...holding } = step;
  const path = [holding];
  const text = explanationLines({ ...result, decision: { ...result.decision, path } }).join('\n');
  expect(text).toContain('✓ 1 check holds ');
});

it('a misspelled annotation is in the first lines, below the decision', () => {
  const misspelled = pod(undefined, { 'domian-id': '7' });
  const target = { workload: podKind, name: 'web', object: misspelled, template: misspelled };
  const lines = explanationLines(explainWorkload(target, known, { catalogue, cluster: unknownCluster }));
  expect(lines[2]).toMatch(/^ {2}! .*"agent-injector\.io\/domian-id".*did you mean "domain-id"/);
});
