import { describe, expect, it } from 'vitest';
import { codesIn, isOneOf } from '../../../src/cli/audit/codes.ts';
import { auditTable } from '../../../src/cli/audit/table.ts';
import { auditLines } from '../../../src/cli/audit/text.ts';
import type { AuditFinding } from '../../../src/diagnostics/audit.ts';

const finding = (one: Partial<AuditFinding>): AuditFinding => ({
  kind: 'cannot-be-injected',
  namespace: 'shop',
  workload: 'Deployment/web',
  pods: 1,
  message: 'm',
  ...one,
});

describe('the report of audit', () => {
  it('groups findings by kind and reason, and counts workloads without pods', () => {
    const lines = auditLines({
      pods: 3,
      carrying: 1,
      undecided: 0,
      more: 0,
      findings: [
        finding({ reason: 'claim-unusable' }),
        finding({ reason: 'missing-parameter', workload: 'Pod/a', pods: 2 }),
        finding({ reason: 'claim-unusable', namespace: 'other' }),
        finding({ kind: 'expected-not-injected', workload: 'Pod/b' }),
        finding({ kind: 'not-created', pods: 0, message: 'refused' }),
      ],
    });
    expect(lines).toEqual([
      '3 pods checked, 1 carries an agent, 5 findings; 1 workload cannot create pods',
      '',
      'Pods are refused when they are created:',
      '  shop: Deployment/web: refused',
      '',
      'Agent is missing:',
      '  shop: Pod/b (1 pod): m; create the pod again',
      '',
      'Agent cannot be injected (agent-injector reasons claim-unusable):',
      '  shop: Deployment/web (1 pod): m',
      '  other: Deployment/web (1 pod): m',
      '',
      'Agent cannot be injected (agent-injector reasons missing-parameter):',
      '  shop: Pod/a (2 pods): m',
    ]);
  });
});

it('the first line of audit counts one and several', () => {
  const lineOf = (count: number): string | undefined =>
    auditLines({
      pods: count,
      carrying: count,
      undecided: 0,
      more: 0,
      findings: Array.from({ length: count }, () => finding({ kind: 'not-created' })),
    })[0];
  expect(lineOf(1)).toBe('1 pod checked, 1 carries an agent, 1 finding; 1 workload cannot create pods');
  expect(lineOf(2)).toBe('2 pods checked, 2 carry an agent, 2 findings; 2 workloads cannot create pods');
});

describe('audit -o table', () => {
  const report = {
    pods: 3,
    carrying: 1,
    undecided: 0,
    more: 0,
    findings: [
      finding({ reason: 'claim-unusable' }),
      finding({ kind: 'not-created', pods: 0, message: 'refused', fix: 'kubectl x' }),
    ],
  };

  it('has a line for each finding, the worst kind first', () => {
    expect(auditTable(report, 'table')).toEqual([
      'NAMESPACE  WORKLOAD        PODS  FINDING             REASON',
      'shop       Deployment/web  0     not-created         -',
      'shop       Deployment/web  1     cannot-be-injected  claim-unusable',
    ]);
  });

  it('has messages and commands in the wide form', () => {
    expect(auditTable(report, 'wide')[1]).toMatch(/ refused {2}kubectl x$/);
  });

  it('says so if there is nothing', () => {
    expect(auditTable({ ...report, findings: [] }, 'table')).toHaveLength(1);
  });
});

describe('--suppress and --fail-on', () => {
  it('take kinds and reasons, separated by commas', () => {
    const codes = codesIn('--suppress', ['outdated,claim-unusable', 'slot-shared']);
    expect(isOneOf(codes, finding({ kind: 'outdated' }))).toBe(true);
    expect(isOneOf(codes, finding({ reason: 'claim-unusable' }))).toBe(true);
    expect(isOneOf(codes, finding({ reason: 'missing-parameter' }))).toBe(false);
  });

  it('refuse what is neither: it would suppress nothing', () => {
    expect(() => codesIn('--suppress', ['outdatd'])).toThrow(/"outdatd".*did you mean "outdated"/);
  });
});
