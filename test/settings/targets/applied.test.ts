import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { isInjected, readStatus } from '../../../src/api/status-annotation.ts';
import { catalogueOf, container, namespace, pod, profileDocument } from '../../support/fixtures.ts';
import { clusterTarget, target, targetsOf } from '../../support/targets.ts';

const profiles = ['pods', 'targets', 'namespaces', 'clusters', 'defaults'];

const known = {
  ...catalogueOf(
    ...profiles.map((name) =>
      profileDocument(
        {
          environment: [{ name: 'LEVEL', value: '${level}' }],
          parameters: [{ name: 'level', type: 'word', description: 'd', default: 'none' }],
        },
        name,
      ),
    ),
  ),
  defaults: new Map([['profile', 'defaults']]),
};

interface Places {
  readonly pod?: Record<string, string>;
  readonly namespace?: Record<string, string>;
  readonly targets?: readonly JsonObject[];
}

function decide({ pod: own = {}, namespace: above = {}, targets = [] }: Places): {
  profile: string | undefined;
  target: string | undefined;
  level: unknown;
} {
  const labelled = pod([container('web')], own);
  const asked = { ...labelled, metadata: { ...labelled.metadata, labels: { app: 'web', tier: 'front' } } };
  const { pod: after } = admit(asked, namespace(above), known, targetsOf(...targets));
  const status = readStatus(after)?.containers[0];
  const level = after.spec.containers[0]?.env?.find(({ name }) => name === 'LEVEL')?.value;
  const found = status && isInjected(status) ? status : undefined;
  return { profile: found?.profile, target: found?.target, level };
}

const web = { matchLabels: { app: 'web' } };

describe('the first that says which agent there is wins', () => {
  const all = {
    pod: { profile: 'pods' },
    targets: [target('t', { profile: 'targets' }), clusterTarget('c', { profile: 'clusters' })],
    namespace: { profile: 'namespaces' },
  };
  const onlyCluster = { ...all, pod: {}, targets: all.targets.slice(1) };

  it.each([
    ['the annotation of the pod', all, 'pods', undefined],
    ['an AgentTarget', { ...all, pod: {} }, 'targets', 'AgentTarget shop/t'],
    ['the annotation of the namespace', onlyCluster, 'namespaces', undefined],
    ['a ClusterAgentTarget', { ...onlyCluster, namespace: {} }, 'clusters', 'ClusterAgentTarget c'],
    ['the default of the cluster', {}, 'defaults', undefined],
  ])('%s', (_, places, profile, by) => {
    expect(decide(places)).toMatchObject({ profile, target: by });
  });

  it('of AgentTargets the most specific, then the oldest, then by name', () => {
    const any = target('any', { profile: 'pods' }, { created: 1 });
    const front = target(
      'front',
      { profile: 'targets', podSelector: { matchLabels: { app: 'web', tier: 'front' } } },
      { created: 9 },
    );
    const old = target('old', { profile: 'namespaces', podSelector: web }, { created: 2 });
    const young = target('a-young', { profile: 'clusters', podSelector: web }, { created: 3 });
    const twin = target('a-old', { profile: 'defaults', podSelector: web }, { created: 2 });
    const winners = [[any, old, young, twin, front], [any, young, old, twin], [young, any, old], [any, young], [any]];
    expect(winners.map((targets) => decide({ targets }).target)).toEqual(
      ['front', 'a-old', 'old', 'a-young', 'any'].map((name) => `AgentTarget shop/${name}`),
    );
  });

  it('a target that does not select the pod counts for nothing', () => {
    const other = target('other', { profile: 'targets', podSelector: { matchLabels: { app: 'api' } } });
    const elsewhere = clusterTarget('elsewhere', {
      profile: 'clusters',
      namespaceSelector: { matchLabels: { team: 'a' } },
    });
    expect(
      decide({ targets: [other, elsewhere, target('t', { profile: 'targets' }, { namespace: 'blog' })] }).profile,
    ).toBe('defaults');
  });
});

describe('targets are never merged', () => {
  const own = target('t', { profile: 'targets' });
  const cluster = clusterTarget('c', { profile: 'clusters', parameters: { level: 'cluster' } });

  it.each([
    ['an AgentTarget beside a ClusterAgentTarget', { targets: [own, cluster] }, 'none'],
    [
      'a more specific one',
      {
        targets: [
          own,
          target('u', { profile: 'targets', podSelector: web }),
          target('v', { profile: 'targets', parameters: { level: 'v' } }),
        ],
      },
      'none',
    ],
    [
      'the annotation profile of the pod',
      { targets: [target('t', { profile: 'targets', parameters: { level: 't' } })], pod: { profile: 'targets' } },
      'none',
    ],
    ['the annotation profile of the namespace', { targets: [cluster], namespace: { profile: 'clusters' } }, 'none'],
    [
      'the annotation profile of a container',
      {
        targets: [target('t', { profile: 'pods', parameters: { level: 't' } })],
        pod: { 'profile.agent-injector.io/web': 'targets' },
      },
      'none',
    ],
    ['annotations for what the target leaves open', { targets: [own], namespace: { level: 'namespace' } }, 'namespace'],
    ['an annotation of the pod for one parameter', { targets: [cluster], pod: { level: 'pod' } }, 'pod'],
    [
      'an AgentTarget over an annotation of the namespace',
      { targets: [target('t', { profile: 'targets', parameters: { level: 't' } })], namespace: { level: 'namespace' } },
      't',
    ],
    [
      'an annotation of the namespace over a ClusterAgentTarget',
      { targets: [cluster], namespace: { level: 'namespace' } },
      'namespace',
    ],
  ])('%s', (_, places, level) => {
    expect(decide(places).level).toBe(level);
  });
});

describe('a target may set what its authors may set otherwise', () => {
  const decision = (label: string, above: Record<string, string>, ...targets: readonly JsonObject[]) =>
    admit(pod([container('web')]), namespace(above, label), known, targetsOf(...targets)).decision;
  const codeOf = (...from: Parameters<typeof decision>): string => {
    const found = decision(...from);
    return found.outcome === 'injected' ? (found.containers[0]?.profile ?? '') : found.reason.code;
  };
  const none = { profile: 'targets', rollout: { percent: 0 } };

  it('a share of the workloads, but not where an agent is required', () => {
    expect(codeOf('enabled', {}, target('t', none))).toBe('outside-canary');
    expect(codeOf('enabled', {}, clusterTarget('t', none))).toBe('outside-canary');
    expect(codeOf('required', {}, target('t', none))).toBe('targets');
    expect(codeOf('required', {}, clusterTarget('t', none))).toBe('outside-canary');
  });

  it('the profile where an agent is required, unless the namespace or a ClusterAgentTarget has chosen it', () => {
    const own = target('t', { profile: 'targets' });
    expect(codeOf('required', {}, own)).toBe('targets');
    expect(codeOf('required', { profile: 'namespaces' }, own)).toBe('namespaces');
    expect(codeOf('required', {}, own, clusterTarget('c', { profile: 'clusters' }))).toBe('clusters');
  });

  it('no parameter that pods may not set', () => {
    const parameters = [{ name: 'level', type: 'word', description: 'd', default: 'none', settableBy: ['cluster'] }];
    const locked = {
      ...catalogueOf(profileDocument({ environment: [{ name: 'LEVEL', value: '${level}' }], parameters }, 'locked')),
      defaults: new Map<string, string>(),
    };
    const spec = { profile: 'locked', parameters: { level: 'x' } };
    const levelBy = (one: JsonObject) => {
      const { pod: after, decision: made } = admit(pod([container('web')]), namespace(), locked, targetsOf(one));
      const level = after.spec.containers[0]?.env?.find(({ name }) => name === 'LEVEL')?.value;
      return [level, made.notices.map(({ code }) => code).filter((code) => code === 'parameter-locked')];
    };
    expect(levelBy(target('t', spec))).toEqual(['none', ['parameter-locked']]);
    expect(levelBy(clusterTarget('t', spec))).toEqual(['x', []]);
  });
});
