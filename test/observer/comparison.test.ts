import { describe, expect, it } from 'vitest';
import { Comparing, type Comparison } from '../../src/observer/comparison.ts';
import { NOW, podCase, type PodCase, states } from '../support/observed.ts';

const workload = { namespace: 'shop', key: 'ReplicaSet/web', shown: 'Deployment/web' };

function compared(neighbours: readonly PodCase[], onNodes: readonly PodCase[] = []): Comparison {
  const comparing = new Comparing({
    workload,
    profiles: { 'acme-java': '0123abcd' },
    now: NOW,
    runsMs: 30_000,
    timeOf: (text) => Date.parse(text),
  });
  for (const one of neighbours) comparing.addNeighbour(podCase(one));
  for (const one of onNodes) comparing.addOnNode(podCase(one));
  return comparing.result();
}

const plain: PodCase = { profile: undefined };

describe('a comparison', () => {
  it('tells pods without the agent that run from those that fail, and counts none of other workloads', () => {
    const pods: readonly PodCase[] = [
      plain,
      { ...plain, app: states.crashing() },
      // Too young to tell.
      { ...plain, ageSeconds: 3 },
      { ...plain, workload: 'other', app: states.crashing() },
      { ...plain, phase: 'Succeeded' },
    ];
    expect(compared(pods)).toMatchObject({ without: 3, withoutRunning: 1, withoutFailing: 1 });
  });

  it('counts the pods with the same version that run, and the nodes of all that do', () => {
    const pods: readonly PodCase[] = [{}, { hash: '89abcdef', node: 'node-2' }, { app: states.crashing() }];
    expect(compared(pods)).toMatchObject({ sameRunning: 1, runningOn: new Set(['node-1', 'node-2']) });
  });

  it('counts pods with the same version that have ended before, and have run since for two minutes', () => {
    const pods: readonly PodCase[] = [{ app: states.restarted(130) }, { app: states.restarted(110) }];
    expect(compared(pods)).toMatchObject({ sameRunning: 1, runningOn: new Set(['node-1']) });
  });

  it('calls a node sick where pods of two workloads without an agent fail', () => {
    const failing = (name: string): PodCase => ({ ...plain, workload: name, app: states.crashing() });
    expect(compared([], [failing('a'), failing('a')]).sickNodes).toEqual(new Set());
    expect(compared([], [failing('a'), failing('b')]).sickNodes).toEqual(new Set(['node-1']));
    expect(compared([], [failing('a'), failing('b'), plain, plain, plain]).sickNodes).toEqual(new Set());
    expect(compared([], [failing('a'), { workload: 'b', app: states.crashing() }]).sickNodes).toEqual(new Set());
  });
});
