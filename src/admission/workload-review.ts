import { decodePod, type Pod } from '../kubernetes/pod.ts';
import { controllerOf } from '../kubernetes/owner.ts';
import {
  enclosingMetadata,
  podFromTemplate,
  templateOf,
  type WorkloadKind,
  workloadKinds,
  type WorkloadRef,
} from '../kubernetes/workload.ts';
import { type JsonObject, objectIn, textIn } from '../lib/json.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason } from '../reasons/reason.ts';
import { misplacedKeys } from '../settings/misspelled-keys.ts';
import { type Decision, isReported } from './decision.ts';
import { coded, partialReasons, warningTexts } from './warnings.ts';

/** Kinds whose writers are warned. The objects that their controllers create, such as ReplicaSets, are not reviewed. */
export const WARNED_KINDS: readonly WorkloadKind[] = workloadKinds.filter(
  ({ group, kind }) =>
    (group === 'apps' && ['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind)) ||
    (group === 'batch' && ['Job', 'CronJob'].includes(kind)),
);

/** A workload that is created or changed, with a pod as its controller will create it. */
export interface WorkloadReview {
  readonly uid: string;
  readonly namespace: string;
  readonly workload: WorkloadRef;
  readonly pod: Pod;
  /** Metadata of the workload, and of what encloses its pod template. */
  readonly enclosing: readonly JsonObject[];
}

/** What a request says of a workload: one whose writer is warned, or one that there is nothing to say about. */
export type DecodedWorkload =
  | { readonly kind: 'workload'; readonly review: WorkloadReview }
  | { readonly kind: 'unadvised'; readonly uid: string };

/**
 * The workload of a request; undefined if the request is not about one. Nothing is said about a workload that another one controls, since a program
 * wrote it, nor about one whose pod template cannot be read, which the API server refuses itself.
 */
export function workloadIn(uid: string, request: JsonObject): DecodedWorkload | undefined {
  const kind = writtenKind(request);
  if (!kind) return undefined;
  const review = reviewOf(kind, uid, request);
  return review ? { kind: 'workload', review } : { kind: 'unadvised', uid };
}

function reviewOf(kind: WorkloadKind, uid: string, request: JsonObject): WorkloadReview | undefined {
  const namespace = textIn(request, 'namespace');
  if (namespace === '') return undefined;
  const object = objectIn(request, 'object');
  const metadata = objectIn(object, 'metadata');
  const template = templateOf(kind, object);
  const name = textIn(metadata, 'name');
  const pod = template && decodePod(podFromTemplate(kind, name, template));
  if (pod?.ok !== true || controllerOf(metadata)) return undefined;
  const workload = { kind: kind.kind, name };
  return { uid, namespace, workload, pod: pod.value, enclosing: enclosingMetadata(kind, object) };
}

/** The kind of a workload that is created or changed itself, not its status or scale. */
function writtenKind(request: JsonObject): WorkloadKind | undefined {
  const { operation } = request;
  if (textIn(request, 'subResource') !== '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
  const resource = objectIn(request, 'resource');
  return WARNED_KINDS.find((one) => one.plural === resource['resource'] && one.group === resource['group']);
}

/** What the writer of a workload is warned of: why its pods would not get their agent, and keys without effect. */
export function workloadWarnings(review: WorkloadReview, decision: Decision, catalogue: Catalogue): readonly string[] {
  const misplaced = review.enclosing.flatMap((metadata) =>
    misplacedKeys({ ...review.workload, metadata }, review.pod.metadata ?? undefined, catalogue),
  );
  const end = decision.outcome === 'refused' ? 'would be refused' : 'would not get the agent';
  return warningTexts([
    ...wholeReasons(decision).map((reason) => `pods ${end}: ${coded(reason)}`),
    ...partialReasons(decision).map(([container, reason]) => `container ${container} ${end}: ${coded(reason)}`),
    ...[...misplaced, ...decision.notices].map(coded),
  ]);
}

function wholeReasons(decision: Decision): readonly Reason[] {
  if (decision.outcome === 'injected') return [];
  return decision.outcome === 'refused' || isReported(decision.reason) ? [decision.reason] : [];
}

/** The answer to a review of a workload, which is always allowed and never patched. */
export function encodeAdvice(uid: string, warnings: readonly string[]): JsonObject {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, allowed: true, ...(warnings.length > 0 && { warnings }) },
  };
}
