import { describe, expect, it } from 'vitest';
import { DEFAULT_GAPS, type Mode } from '../../../src/diagnostics/rollout/gaps.ts';
import {
  type PlannedWorkload,
  type PlanInputs,
  planRollout,
  workloadId,
} from '../../../src/diagnostics/rollout/plan.ts';
import type { WorkloadStatus } from '../../../src/diagnostics/workload-status.ts';
import type { JsonObject } from '../../../src/lib/json.ts';

const statusOf = (workload: string, rest: Partial<WorkloadStatus> = {}): WorkloadStatus => ({
  namespace: 'shop',
  workload,
  pods: 2,
  injected: 0,
  states: {},
  outdated: 0,
  missing: 2,
  leftover: 0,
  stopped: 0,
  profiles: [],
  deliveries: [],
  whyNot: [],
  ...rest,
});

const template = { metadata: { labels: { app: 'web' } } };
const done = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

function plan(
  status: WorkloadStatus,
  object: JsonObject | undefined,
  rest: Partial<PlanInputs> = {},
): PlannedWorkload | undefined {
  const objects = new Map(object ? [[workloadId(status), object]] : []);
  const [one, ...others] = planRollout([status], {
    objects,
    budgets: [],
    gaps: DEFAULT_GAPS,
    mode: 'restart',
    ...rest,
  });
  expect(others).toEqual([]);
  return one;
}

const object = (spec: JsonObject, status: JsonObject = done): JsonObject => ({
  metadata: {},
  spec: { replicas: 2, template, ...spec },
  status,
});

describe('the plan of a rollout', () => {
  it('has the workloads whose pods are not what would be created now, and why', () => {
    expect(plan(statusOf('Deployment/web'), object({ strategy: { type: 'RollingUpdate' } }))).toEqual({
      namespace: 'shop',
      workload: 'Deployment/web',
      gaps: { missing: 2 },
      pods: 2,
      replicas: 2,
      strategy: 'RollingUpdate',
      budgets: [],
      warnings: [],
    });
    expect(plan(statusOf('Deployment/web', { missing: 0 }), object({}))).toBeUndefined();
  });

  it('removes no agent that is only stopped, unless that is asked for', () => {
    const stopped = statusOf('Deployment/web', { missing: 0, stopped: 2 });
    expect(plan(stopped, object({}))).toBeUndefined();
    expect(plan(stopped, object({}), { gaps: ['stopped'] })?.gaps).toEqual({ stopped: 2 });
  });

  it('has the budgets that select its pods', () => {
    const budget = (name: string, matchLabels: JsonObject, namespace = 'shop') => ({
      namespace,
      name,
      selector: { matchLabels },
      allowed: 0,
    });
    const budgets = [budget('web', { app: 'web' }), budget('api', { app: 'api' }), budget('bank', {}, 'bank')];
    expect(plan(statusOf('Deployment/web'), object({}), { budgets })?.budgets).toEqual([{ name: 'web', allowed: 0 }]);
  });

  it.each<[string, string, JsonObject | undefined, Mode, RegExp]>([
    ['a pod that nothing controls', 'Pod/web', undefined, 'restart', /nothing creates/],
    ['a Job', 'Job/report', undefined, 'evict', /nothing creates/],
    ['a ReplicaSet', 'ReplicaSet/web', undefined, 'restart', /what controls it/],
    ['a workload that could not be read', 'Deployment/web', undefined, 'restart', /could not be read/],
    ['a paused Deployment', 'Deployment/web', object({ paused: true }), 'restart', /paused/],
    ['OnDelete', 'StatefulSet/db', object({ updateStrategy: { type: 'OnDelete' } }), 'restart', /OnDelete/],
    [
      'a partition',
      'StatefulSet/db',
      object({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } }),
      'restart',
      /partition/,
    ],
  ])('leaves out %s', (_, workload, given, mode, why) => {
    expect(plan(statusOf(workload), given, { mode })?.blocked).toMatch(why);
  });

  it('evicts the pods of a paused Deployment and of OnDelete', () => {
    expect(plan(statusOf('Deployment/web'), object({ paused: true }), { mode: 'evict' })?.blocked).toBeUndefined();
    const onDelete = object({ updateStrategy: { type: 'OnDelete' } });
    expect(plan(statusOf('DaemonSet/web'), onDelete, { mode: 'evict' })?.blocked).toBeUndefined();
  });

  it.each<[string, string, JsonObject, Mode, RegExp | undefined]>([
    ['Recreate', 'Deployment/web', object({ strategy: { type: 'Recreate' } }), 'restart', /all of its pods stop/],
    ['a single pod of a StatefulSet', 'StatefulSet/db', object({ replicas: 1 }), 'restart', /only pod/],
    ['a single pod of a Deployment that surges', 'Deployment/web', object({ replicas: 1 }), 'restart', undefined],
    [
      'a single pod of one that does not',
      'Deployment/web',
      object({ replicas: 1, strategy: { rollingUpdate: { maxSurge: 0 } } }),
      'restart',
      /only pod/,
    ],
    ['a single pod that is evicted', 'Deployment/web', object({ replicas: 1 }), 'evict', /only pod/],
    ['an unfinished rollout', 'Deployment/web', object({}, { ...done, updatedReplicas: 1 }), 'restart', /not complete/],
  ])('warns of %s', (_, workload, given, mode, warning) => {
    const warnings = plan(statusOf(workload), given, { mode })?.warnings.join() ?? '';
    if (warning) expect(warnings).toMatch(warning);
    else expect(warnings).not.toContain('only pod');
  });

  it('warns of a budget that allows no eviction, where pods are evicted', () => {
    const budgets = [{ namespace: 'shop', name: 'web', selector: {}, allowed: 0 }];
    expect(plan(statusOf('Deployment/web'), object({}), { budgets })?.warnings).toEqual([]);
    const { warnings } = plan(statusOf('Deployment/web'), object({}), { budgets, mode: 'evict' }) ?? {};
    expect(warnings).toEqual([expect.stringContaining('web')]);
  });
});
