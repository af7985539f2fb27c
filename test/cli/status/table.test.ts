import { describe, expect, it } from 'vitest';
import { statusTable } from '../../../src/cli/status/table.ts';
import type { WorkloadStatus } from '../../../src/diagnostics/workload-status.ts';

const long = 'x'.repeat(63);
const status = (rest: Partial<WorkloadStatus> = {}): WorkloadStatus => ({
  namespace: 'shop',
  workload: 'Deployment/web',
  pods: 3,
  injected: 1,
  outdated: 0,
  troubles: ['crashing(1)'],
  missing: 0,
  leftover: 0,
  stopped: 0,
  profiles: ['jennifer-dotnet@2b8964eb'],
  deliveries: ['image'],
  whyNot: [{ code: 'suspended', pods: 2, from: 'record' }],
  ...rest,
});
const longest = status({
  namespace: long,
  workload: `StatefulSet/${long}`,
  pods: 10_000,
  injected: 10_000,
  outdated: 10_000,
  profiles: [`${long}@00000000`, `${long}2@00000000`],
  whyNot: [
    { code: 'delivery-not-possible', pods: 1, from: 'record' },
    { code: 'no-fitting-delivery', pods: 1, from: 'now' },
  ],
});

describe('the table of status', () => {
  it('has what people look for first', () => {
    expect(statusTable([status()], 'narrow')).toEqual([
      'WORKLOAD        AGENT  OUTDATED  FAILING      PROFILE          WHY NOT',
      'Deployment/web  1/3    0         crashing(1)  jennifer-dotnet  suspended',
    ]);
  });

  it.each([
    ['one namespace', [longest], false],
    ['all namespaces', [longest, status()], true],
  ])('fits 100 columns, whatever the names: %s', (_, all, allNamespaces) => {
    const lines = statusTable(all, 'narrow', allNamespaces);
    expect(lines[0]?.startsWith('NAMESPACE')).toBe(allNamespaces);
    expect(lines).toHaveLength(all.length + 1);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    // Nothing is cut off at the right edge: each column is cut by itself.
    expect(lines[0]?.endsWith('WHY NOT')).toBe(true);
  });

  it('has everything in the wide form', () => {
    const text = statusTable([longest, status({ fix: 'kubectl -n shop rollout restart deployment/web' })], 'wide').join(
      '\n',
    );
    for (const part of [long, 'jennifer-dotnet@2b8964eb', 'image', 'suspended(2,record)', 'rollout restart'])
      expect(text).toContain(part);
  });

  it('says so if there is nothing to show', () => expect(statusTable([], 'narrow')).toHaveLength(1));
});
