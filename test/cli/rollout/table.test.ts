import { expect, it } from 'vitest';
import { planLines } from '../../../src/cli/rollout/table.ts';
import type { PlannedWorkload } from '../../../src/diagnostics/rollout/plan.ts';

const long = 'x'.repeat(63);
const planned = (rest: Partial<PlannedWorkload> = {}): PlannedWorkload => ({
  namespace: 'shop',
  workload: 'Deployment/web',
  gaps: { missing: 2, outdated: 1 },
  pods: 3,
  replicas: 3,
  strategy: 'RollingUpdate',
  budgets: [
    { name: 'web', allowed: 1 },
    { name: 'all', allowed: 0 },
  ],
  warnings: [],
  ...rest,
});

it('shows what is wrong, how it is replaced, and what a budget allows', () => {
  expect(planLines([planned()])).toEqual([
    'NAMESPACE  WORKLOAD        PODS  REASON              STRATEGY       MAY EVICT',
    'shop       Deployment/web  3/3   missing(2),outdat…  RollingUpdate  0',
  ]);
});

it('fits 100 columns, whatever the names, and lists warnings and what is left out', () => {
  const longest = planned({
    namespace: long,
    workload: `StatefulSet/${long}`,
    gaps: { missing: 10_000, outdated: 10_000, leftover: 10_000, stopped: 10_000 },
    pods: 40_000,
    replicas: 40_000,
    warnings: [`a long warning ${long}`],
  });
  const lines = planLines([longest, planned({ workload: 'Job/report', blocked: 'nothing creates its pods again' })]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  const text = lines.join('\n');
  expect(text).toContain('Warnings:');
  expect(text).toContain('Job/report: nothing creates its pods again');
  expect(text.match(/Job\/report/g)).toHaveLength(1);
});

it('says so if there is nothing to do', () => expect(planLines([])).toHaveLength(1));
