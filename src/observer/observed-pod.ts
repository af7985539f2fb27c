import { INJECTED_LABEL } from '../api/keys.ts';
import { creatorOf, ownerOf, workloadKeyOf } from '../kubernetes/owner.ts';
import { labelsOf, type Pod } from '../kubernetes/pod.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { type Evidence, failureOf } from './failure.ts';

/** What became of a pod. `ended` pods do not count. */
export const POD_STATES = ['starting', 'running', 'crashing', 'pull-failed', 'copy-failed', 'out-of-memory'] as const;

export type PodState = (typeof POD_STATES)[number];

/** A workload as an admission sees it (`key`) and as people know it (`shown`). */
export interface ObservedWorkload {
  readonly namespace: string;
  /** Empty for a pod that no controller creates again. */
  readonly key: string;
  readonly shown: string;
}

/** What is kept of a pod that fails. */
export interface Trouble {
  /** How sure it is that the agent is the cause, from this pod alone. */
  readonly evidence: Evidence;
  readonly text: string;
  /** How often it has failed. */
  readonly failures: number;
  readonly failedAt: number;
  /** Since when the container that failed runs again; undefined if it does not. */
  readonly runsSince: number | undefined;
  readonly node: string;
  /** From the name of a profile to the hash of the injected version. */
  readonly profiles: Readonly<Record<string, string>>;
  /** The memory limit that the container has reached; undefined if it is something else. */
  readonly memoryLimit: string | undefined;
  /** The controller that the pod names, for Events. */
  readonly owner: JsonObject | undefined;
}

/** What is kept of a pod: a hundred thousand of them must fit. */
export interface ObservedPod {
  readonly workload: ObservedWorkload;
  /** The value of the label: a profile, or `multiple`; empty for a pod without the agent. */
  readonly profile: string;
  readonly state: PodState | 'ended';
  readonly createdAt: number;
  readonly trouble?: Trouble;
}

/** Reads times as Kubernetes writes them: pure code has no calendar. */
export type TimeOf = (text: string) => number;

/** Reduces a pod. `pod` must have a spec with containers. */
export function observePod(pod: Pod, timeOf: TimeOf): ObservedPod {
  const createdAt = timeOf(textIn(objectIn(pod, 'metadata'), 'creationTimestamp'));
  const found = { workload: workloadOf(pod), profile: labelsOf(pod)[INJECTED_LABEL] ?? '', createdAt };
  const phase = textIn(objectIn(pod, 'status'), 'phase');
  if (pod.metadata?.['deletionTimestamp'] !== undefined || phase === 'Succeeded') return { ...found, state: 'ended' };
  const failure = failureOf(pod, timeOf);
  if (!failure) return { ...found, state: phase === 'Failed' ? 'ended' : stateOf(pod, phase) };
  const { state, ...rest } = failure;
  const node = textIn(pod.spec, 'nodeName');
  return { ...found, state, trouble: { ...rest, node, owner: ownerOf(pod) } };
}

/** A pod runs when all its containers do; whether they are ready is no business of ours. */
function stateOf(pod: Pod, phase: string): PodState {
  if (phase !== 'Running') return 'starting';
  const statuses = objectsIn(objectIn(pod, 'status'), 'containerStatuses');
  return statuses.every((status) => isObject(objectIn(status, 'state')['running'])) ? 'running' : 'starting';
}

function workloadOf(pod: Pod): ObservedWorkload {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const creator = creatorOf(pod);
  return { namespace, key: workloadKeyOf(pod) ?? '', shown: creator ? `${creator.kind}/${creator.name}` : `Pod/${name}` };
}
