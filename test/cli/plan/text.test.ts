import { expect, it } from 'vitest';
import { planTable } from '../../../src/cli/plan/table.ts';
import { planLines, type Planned } from '../../../src/cli/plan/text.ts';

const planned = (one: Partial<Planned>): Planned => ({
  namespace: 'shop',
  workload: 'Deployment/web',
  verdict: 'same',
  message: 'm',
  ...one,
});

it('shows what the change changes, the worst first, and counts the rest', () => {
  const changes = [
    { what: 'container web: variable PORT', before: '5000', after: '5001' },
    { what: 'container web: variable NEW', after: 'n' },
    { what: 'container web: variable OLD', before: 'o' },
  ];
  expect(
    planLines([planned({ verdict: 'changes', changes }), planned({}), planned({ verdict: 'refused', message: 'why' })]),
  ).toEqual([
    '3 workloads compared, 2 change, 1 do not; running pods do not change until they are recreated',
    '',
    'Pods are refused: 1',
    '  shop: Deployment/web: why',
    '',
    'Change: 1',
    '  shop: Deployment/web: m',
    '    ~ container web: variable PORT: 5000 → 5001',
    '    + container web: variable NEW: n',
    '    - container web: variable OLD: o',
  ]);
});

it('says nothing more where nothing changes', () => {
  expect(planLines([planned({})])).toEqual(['1 workload compared, 0 change, 1 do not']);
});

it('has a line for each workload as a table, the worst first', () => {
  const all = [
    planned({}),
    planned({ verdict: 'changes', changes: [{ what: 'variable PORT', before: '5000', after: '5001' }] }),
    planned({ verdict: 'refused', reason: 'missing-parameter', namespace: 'reqd' }),
  ];
  expect(planTable(all, 'table')).toEqual([
    'NAMESPACE  WORKLOAD        VERDICT  REASON',
    'reqd       Deployment/web  refused  missing-parameter',
    'shop       Deployment/web  changes  -',
    'shop       Deployment/web  same     -',
  ]);
  expect(planTable(all, 'wide')[2]).toContain('~ variable PORT: 5000 → 5001');
});
