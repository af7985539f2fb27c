import { INJECTED_LABEL } from '../api/keys.ts';
import { isInjected, readStatus } from '../api/status-annotation.ts';
import { containerStatusesOf } from '../kubernetes/container-status.ts';
import { ownerOf, workloadKeyOf, workloadText } from '../kubernetes/owner.ts';
import { labelsOf, type Pod } from '../kubernetes/pod.ts';
import { objectIn, textIn } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import { failureOf } from './failure.ts';
import type { PodState, TimeOf, Trouble } from './trouble.ts';

/** A workload as an admission sees it (`key`) and as people know it (`shown`). */
export interface ObservedWorkload {
  readonly namespace: string;
  /** Empty for a pod that no controller creates again. */
  readonly key: string;
  readonly shown: string;
}

/** What is kept of a pod: a hundred thousand of them must fit. */
export interface ObservedPod {
  readonly workload: ObservedWorkload;
  /** The value of the label: a profile, or `multiple`; empty for a pod without the agent. */
  readonly profile: string;
  /** The injected versions, as `profile@hash`. */
  readonly versions: readonly string[];
  readonly state: PodState | 'ended';
  readonly createdAt: number;
  readonly trouble?: Trouble;
}

/** Reduces a pod. `pod` must have a spec with containers. */
export function observePod(pod: Pod, timeOf: TimeOf): ObservedPod {
  const createdAt = timeOf(textIn(objectIn(pod, 'metadata'), 'creationTimestamp'));
  const profile = labelsOf(pod)[INJECTED_LABEL] ?? '';
  const found = { workload: workloadOf(pod), profile, versions: versionsIn(pod), createdAt };
  const phase = textIn(objectIn(pod, 'status'), 'phase');
  if (pod.metadata?.['deletionTimestamp'] !== undefined || phase === 'Succeeded') return { ...found, state: 'ended' };
  const failure = failureOf(pod, timeOf);
  if (!failure) return { ...found, state: phase === 'Failed' ? 'ended' : stateOf(pod, phase) };
  const { state, ...rest } = failure;
  const node = textIn(pod.spec, 'nodeName');
  const uid = textIn(objectIn(pod, 'metadata'), 'uid');
  return { ...found, state, trouble: { ...rest, uid, node, owner: ownerOf(pod) } };
}

const NONE: readonly string[] = [];

/** The versions that the record of the pod names. */
function versionsIn(pod: Pod): readonly string[] {
  const injected = readStatus(pod)?.containers.filter(isInjected) ?? [];
  if (injected.length === 0) return NONE;
  return [...new Set(injected.map(({ profile, hash }) => versionText(profile, hash)))].toSorted();
}

export function versionText(profile: string, hash: string): string {
  return `${profile}@${hash}`;
}

/** A pod runs when all its containers do; whether they are ready is no business of ours. */
function stateOf(pod: Pod, phase: string): PodState {
  if (phase !== 'Running') return 'starting';
  const containers = containerStatusesOf(pod).filter(({ isInit }) => !isInit);
  return containers.every(({ state }) => state === 'running') ? 'running' : 'starting';
}

/** A name has at most 253 characters, and a kind 63. */
const MAX_SHOWN = 320;

function workloadOf(pod: Pod): ObservedWorkload {
  const { namespace = '' } = pod.metadata ?? {};
  return {
    namespace,
    key: workloadKeyOf(pod) ?? '',
    shown: oneLine(workloadText(pod), MAX_SHOWN),
  };
}
