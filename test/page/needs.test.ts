import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditKinds } from '../../src/diagnostics/audit-pod.ts';
import { AGENT_STATES } from '../../src/api/agent-state.ts';
import type { WorkloadStatus } from '../../src/diagnostics/workload-status.ts';
import { overviewOf, type Readings } from '../../src/page/needs.ts';
import { NEED_KINDS } from '../../src/page/wire.ts';
import { breakerCase } from '../support/observed.ts';

const workload = (parts: Partial<WorkloadStatus> = {}): WorkloadStatus => ({
  namespace: 'shop',
  workload: 'Deployment/web',
  pods: 2,
  injected: 2,
  states: { running: 2 },
  outdated: 0,
  missing: 0,
  leftover: 0,
  stopped: 0,
  profiles: [],
  deliveries: [],
  whyNot: [],
  ...parts,
});

const readings = (parts: Partial<Readings>): Readings => ({
  workloads: [],
  findings: [],
  checks: [],
  notes: [],
  ...parts,
});

const askedOf = (parts: Partial<WorkloadStatus>) =>
  overviewOf(readings({ workloads: [workload(parts)] })).workloads.map(({ asked }) => asked);

describe('the pods that should have an agent', () => {
  const why = (code: string, pods: number) => ({ code, pods, from: 'now' as const });
  it.each([
    ['all that run with one', {}, 2],
    ['those that cannot get one', { injected: 0, whyNot: [why('foreign-profiler', 1), why('invalid-value', 1)] }, 2],
    ['those that would get one now', { injected: 1, missing: 1, whyNot: [why('not-asked', 1)] }, 2],
    ['none that nobody asked for', { injected: 0, whyNot: [why('no-profile', 1), why('owner-excluded', 1)] }, 0],
    ['some of them', { pods: 3, injected: 1, whyNot: [why('no-profile', 1), why('foreign-profiler', 1)] }, 2],
    ['none that is left over', { leftover: 2 }, 0],
    [
      'one that was not asked for when it was created, and is now',
      { injected: 0, pods: 1, missing: 1, whyNot: [{ ...why('no-profile', 1), from: 'record' as const }] },
      1,
    ],
    ['one whose record says what is no reason', { injected: 0, pods: 1, whyNot: [why('constructor', 1)] }, 1],
  ])('are %s', (_, parts, expected) => {
    expect(askedOf(parts)).toEqual([expected]);
  });
});

const needsOf = (parts: Partial<Readings>) => overviewOf(readings(parts)).needs;

describe('overviewOf', () => {
  it('needs nothing of workloads that run', () => {
    expect(needsOf({ workloads: [workload(), workload({ namespace: 'bank' })] })).toEqual([]);
  });

  it('has a need for each kind of finding, with what to do and an address in the documentation', () => {
    const findings = auditKinds.map((kind) => ({
      kind,
      namespace: 'shop',
      workload: 'Deployment/web',
      pods: 1,
      message: kind,
    }));
    const needs = needsOf({ findings });
    expect(needs.map(({ code }) => code).toSorted()).toEqual([...auditKinds].toSorted());
    expect(needs.filter(({ affected: [one] }) => one?.fix === undefined && one?.hint === undefined)).toHaveLength(1);
    for (const { docs } of needs) expect(isAnchor(docs), docs).toBe(true);
  });

  it('puts breakers before refusals, failures, what is missing, outdated and left over, and mistakes', () => {
    const findings = auditKinds.map((kind) => ({ kind, namespace: 'shop', pods: 1, message: kind }));
    const checks = [
      {
        group: 'server' as const,
        name: 'replicas',
        result: 'problem' as const,
        message: 'none',
        hint: '$ kubectl get pods',
      },
    ];
    const workloads = [workload({ breakers: [breakerCase()], states: { crashing: 1 }, leftover: 1 })];
    const kinds = needsOf({ findings, checks, workloads }).map(({ kind }) => kind);
    expect([...new Set(kinds)]).toEqual([...NEED_KINDS]);
  });

  it('groups workloads with the same reason, those with most first', () => {
    const finding = (name: string, reason: 'unknown-profile' | 'no-target-container') =>
      ({
        kind: 'cannot-be-injected',
        namespace: 'shop',
        workload: `Deployment/${name}`,
        pods: 1,
        reason,
        message: 'm',
      }) as const;
    const needs = needsOf({
      findings: [finding('a', 'no-target-container'), finding('b', 'unknown-profile'), finding('c', 'unknown-profile')],
    });
    expect(needs.map(({ id, affected }) => [id, affected.length])).toEqual([
      ['missing.unknown-profile', 2],
      ['missing.no-target-container', 1],
    ]);
  });

  it('says of each state in which an agent fails how to look, and nothing of the others', () => {
    const states = Object.fromEntries(AGENT_STATES.map((state) => [state, 1]));
    const needs = needsOf({ workloads: [workload({ states })] });
    expect(needs.map(({ code }) => code).toSorted()).toEqual(
      AGENT_STATES.filter((state) => !['starting', 'running', 'alive'].includes(state)).toSorted(),
    );
    for (const { affected } of needs)
      expect(affected[0]?.fix).toBe('kubectl agent-injector verify deployment/web -n shop');
  });

  it('says what a breaker holds back once', () => {
    const findings = [
      {
        kind: 'cannot-be-injected',
        namespace: 'shop',
        workload: 'Deployment/web',
        pods: 1,
        reason: 'breaker-open',
        message: 'm',
      },
    ] as const;
    const workloads = [workload({ breakers: [breakerCase()] })];
    expect(needsOf({ findings, workloads }).map(({ id }) => id)).toEqual(['breaker.breaker-open']);
    expect(needsOf({ findings, workloads })[0]?.affected[0]?.fix).toBe(
      'kubectl agent-injector breaker deployment/web -n shop --reset',
    );
  });

  it('makes no command of a name that a shell would run', () => {
    for (const name of ['Deployment/$(reboot)', 'Deployment/a;b', 'X Y/web', 'Deployment/web/x', '`x`/web']) {
      const one = { kind: 'setting-ignored', namespace: 'shop', workload: name, pods: 1, message: 'm' } as const;
      const [need] = needsOf({ findings: [one], workloads: [] });
      expect(need?.affected[0]?.fix, name).toBeUndefined();
      const [failing] = needsOf({ workloads: [workload({ workload: name, states: { crashing: 1 } })] });
      expect(failing?.affected[0]?.fix, name).toBeUndefined();
    }
  });

  it('names no namespace for what is about several', () => {
    const one = {
      kind: 'value-shared',
      namespace: 'shop',
      pods: 2,
      message: 'used by 2 namespaces: bank, shop',
    } as const;
    expect(needsOf({ findings: [one] })[0]?.affected[0]).toMatchObject({ namespace: '', workload: undefined });
  });
});

/** True if the documentation has the page and the heading. */
function isAnchor(address: string): boolean {
  const [file = '', anchor] = address.split('#');
  const path = join(import.meta.dirname, '../..', file);
  if (!existsSync(path)) return false;
  const text = readFileSync(path, 'utf8');
  const slugs = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
  return anchor === undefined || slugs.includes(anchor) || text.includes(`id="${anchor}"`);
}
