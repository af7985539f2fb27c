import { describe, expect, it } from 'vitest';
import { statusTable } from '../../../src/cli/status/table.ts';
import { breakerCase } from '../../support/observed.ts';
import type { WorkloadStatus } from '../../../src/diagnostics/workload-status.ts';

const long = 'x'.repeat(63);
const status = (rest: Partial<WorkloadStatus> = {}): WorkloadStatus => ({
  namespace: 'shop',
  workload: 'Deployment/web',
  pods: 3,
  injected: 1,
  outdated: 0,
  states: { crashing: 1 },
  breakers: [],
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
  states: { crashing: 10_000, 'pull-failed': 10_000 },
  breakers: [breakerCase({ phase: 'half-open' }), breakerCase({ phase: 'suspected' })],
  profiles: [`${long}@00000000`, `${long}2@00000000`],
  whyNot: [
    { code: 'delivery-not-possible', pods: 1, from: 'record' },
    { code: 'no-fitting-delivery', pods: 1, from: 'now' },
  ],
});

describe('the table of status', () => {
  it('has what people look for first', () => {
    expect(statusTable([status()], 'narrow')).toEqual([
      'WORKLOAD        AGENT  OUTDATED  STATE        BREAKER  PROFILE         WHY NOT',
      'Deployment/web  1/3    0         crashing(1)  -        jennifer-dotn…  suspended',
    ]);
  });

  it('has the reason whole where there is room: it is what agent-injector reasons takes', () => {
    const whyNot = [{ code: 'no-target-container', pods: 1, from: 'record' as const }];
    const lines = statusTable([status({ states: {}, profiles: [], whyNot })], 'narrow', true);
    expect(lines[1]).toMatch(/ no-target-container$/);
  });

  it('has the gravest breaker, and says where they could not be read', () => {
    const breakerIn = (one: WorkloadStatus): string | undefined => statusTable([one], 'narrow')[1]?.split(/ {2,}/)[4];
    expect(breakerIn(status({ breakers: [breakerCase(), breakerCase({ phase: 'suspected' })] }))).toBe('open');
    const { breakers: _breakers, ...unread } = status();
    expect(breakerIn(unread)).toBe('?');
    expect(statusTable([unread], 'wide')[1]).toContain('?');
    const both = status({ breakers: [breakerCase(), breakerCase({ workload: '', stops: false })] });
    expect(statusTable([both], 'wide')[1]).toContain('open(stopped),open(profile,reported)');
  });

  it('has the worst state first: that is what is not cut off', () => {
    const [, line] = statusTable([status({ states: { running: 2, 'no-sign': 1 } })], 'wide');
    expect(line).toContain('no-sign(1),running(2)');
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
