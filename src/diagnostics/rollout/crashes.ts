import { annotationsOf, hasEnded, labelsOf, type Pod } from '../../kubernetes/pod.ts';
import { podFailure } from '../../kubernetes/rollout/pod-failure.ts';
import type { Progress } from '../../kubernetes/rollout/progress.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { RESTARTED_AT_ANNOTATION } from '../../api/keys.ts';

/** Which kubectl rollout restart changes, too, so that the history of the workload reads the same. */
export const TEMPLATE_RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** When `rollout run` has restarted the workload, if that is its last restart; undefined otherwise. */
export function restartedByUs(object: JsonObject): string | undefined {
  const spec = objectIn(object, 'spec');
  const template = objectIn(objectIn(objectIn(spec, 'template'), 'metadata'), 'annotations');
  const last = textIn(spec, 'restartAt') || textIn(template, TEMPLATE_RESTARTED_AT);
  const ours = textIn(objectIn(objectIn(object, 'metadata'), 'annotations'), RESTARTED_AT_ANNOTATION);
  return ours !== '' && ours === last ? ours : undefined;
}

/**
 * The pods that a restart has created: of the template that has its time, or, for a Rollout, since then. If the template has changed again, only those of
 * the newest revision.
 */
export function podsSince(restartedAt: string, pods: readonly Pod[]): readonly Pod[] {
  const since = pods.filter((pod) => {
    const ofTemplate = annotationsOf(pod)[TEMPLATE_RESTARTED_AT];
    return ofTemplate === undefined ? createdAt(pod) >= restartedAt : ofTemplate === restartedAt;
  });
  const [newest] = since.toSorted((one, other) => (createdAt(one) > createdAt(other) ? -1 : 1));
  return newest ? since.filter((pod) => revisionOf(pod) === revisionOf(newest)) : [];
}

function createdAt(pod: Pod): string {
  return textIn(objectIn(pod, 'metadata'), 'creationTimestamp');
}

const REVISION_LABELS = ['pod-template-hash', 'controller-revision-hash', 'rollouts-pod-template-hash'];

function revisionOf(pod: Pod): string | undefined {
  const labels = labelsOf(pod);
  return REVISION_LABELS.map((label) => labels[label]).find((value) => value !== undefined);
}

/** The progress of a workload, which has failed as soon as one of its new pods has. */
export function withCrashes(progress: Progress, newPods: readonly Pod[]): Progress {
  if (progress.kind === 'failed') return progress;
  for (const pod of newPods) {
    const why = hasEndedWell(pod) ? undefined : podFailure(pod);
    if (why !== undefined) return { kind: 'failed', why: `pod ${pod.metadata?.name ?? ''}: ${why}` };
  }
  return progress;
}

/** A pod that is being deleted says nothing about the new ones. */
function hasEndedWell(pod: Pod): boolean {
  return hasEnded(pod) && textIn(objectIn(pod, 'status'), 'phase') !== 'Failed';
}
