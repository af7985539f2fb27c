import { breakerKey, type Breaker } from '../../src/api/breaker.ts';
import { decodePod, type Pod } from '../../src/kubernetes/pod.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { Census } from '../../src/observer/census.ts';
import { type ObservedPod, observePod } from '../../src/observer/observed-pod.ts';

/** The time of a test, in ms since 1970. */
export const NOW = Date.parse('2026-11-30T12:00:00Z');

export const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

/** The forms of a container's status, as a kubelet writes them. */
export const states = {
  running: (seconds = 600): JsonObject => ({ state: { running: { startedAt: ago(seconds) } }, restartCount: 0 }),
  /** It has ended `times`, and waits to be started again. */
  crashing: (times = 2, terminated: JsonObject = {}): JsonObject => ({
    restartCount: times - 1,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt: ago(5), ...terminated } },
  }),
  waiting: (reason: string, message = ''): JsonObject => ({ restartCount: 0, state: { waiting: { reason, message } } }),
  /** It runs again after it has ended. */
  restarted: (seconds: number, times = 2): JsonObject => ({
    restartCount: times,
    state: { running: { startedAt: ago(seconds) } },
    lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt: ago(seconds + 1) } },
  }),
};

export interface PodCase {
  readonly name?: string;
  readonly namespace?: string;
  readonly workload?: string;
  readonly profile?: string | undefined;
  readonly hash?: string;
  readonly node?: string;
  readonly ageSeconds?: number;
  readonly phase?: string;
  readonly app?: JsonObject;
  readonly agentInit?: JsonObject;
  readonly sidecar?: JsonObject;
  readonly metadata?: JsonObject;
}

let count = 0;

/** A pod of a Deployment with the agent in its container `app`, unless `profile` is undefined. */
export function podCase(given: PodCase = {}): Pod {
  const { namespace = 'shop', workload = 'web', hash = '0123abcd', node = 'node-1', ageSeconds = 300 } = given;
  const profile = 'profile' in given ? given.profile : 'acme-java';
  const record = {
    decision: 'injected',
    containers: [
      {
        container: 'app',
        profile,
        hash,
        delivery: 'init',
        init: 'acme-agent',
        env: ['A'],
        mounts: { '/acme-agent': 'acme' },
      },
    ],
  };
  const ours = profile !== undefined && {
    labels: { 'pod-template-hash': '5d4f', 'agent-injector.io/injected': profile },
    annotations: { 'agent-injector.io/status': JSON.stringify(record) },
  };
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${workload}-5d4f`, uid: 'u', controller: true };
  const name = given.name ?? `${workload}-5d4f-${(count += 1)}`;
  const object: JsonObject = {
    metadata: {
      namespace,
      name,
      uid: `uid-${name}`,
      creationTimestamp: ago(ageSeconds),
      labels: { 'pod-template-hash': '5d4f' },
      ...ours,
      ownerReferences: [owner],
      ...given.metadata,
    },
    spec: {
      nodeName: node,
      containers: [{ name: 'app', resources: { limits: { memory: '128Mi' } } }, { name: 'sidecar' }],
      initContainers: [{ name: 'acme-agent' }],
      volumes: [{ name: 'acme', image: { reference: 'registry.example.com/acme:1' } }],
    },
    status: {
      phase: given.phase ?? 'Running',
      ...(given.agentInit && { initContainerStatuses: [{ name: 'acme-agent', ...given.agentInit }] }),
      containerStatuses: [
        { name: 'app', ...(given.app ?? states.running()) },
        { name: 'sidecar', ...(given.sidecar ?? states.running()) },
      ],
    },
  };
  const pod = decodePod(object);
  if (!pod.ok) throw new Error(JSON.stringify(pod.error));
  return pod.value;
}

export const observed = (given: PodCase = {}): ObservedPod => observePod(podCase(given), (text) => Date.parse(text));

/** The pods, by their keys. */
export function censusOf(...given: readonly PodCase[]): Census {
  const census = new Census();
  for (const one of given) {
    const pod = podCase(one);
    const { namespace = '', name = '' } = pod.metadata ?? {};
    census.set(
      `${namespace}/${name}`,
      observePod(pod, (text) => Date.parse(text)),
    );
  }
  return census;
}

export function breakerCase(given: Partial<Breaker> = {}): Breaker {
  return {
    namespace: 'shop',
    workload: 'ReplicaSet/web',
    shown: 'Deployment/web',
    profiles: { 'acme-java': '0123abcd' },
    phase: 'open',
    why: 'pods fail',
    since: NOW - 60_000,
    until: NOW + 3_600_000,
    cooldownMs: 3_600_000,
    stops: true,
    ...given,
  };
}

export const keyed = (...all: readonly Breaker[]): ReadonlyMap<string, Breaker> =>
  new Map(all.map((one) => [breakerKey(one), one]));
