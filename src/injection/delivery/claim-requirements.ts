import type { Claim } from '../../kubernetes/cluster-state.ts';
import { mayMeetTerms, onlyNodeOf } from '../../kubernetes/nodes/terms.ts';
import { ownerKindsOf } from '../../kubernetes/owner.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { isPinned, isPinnedTo } from '../../kubernetes/scheduling.ts';
import { render } from '../../profiles/template.ts';
import type { ClaimProblem } from '../../reasons/claim-problem.ts';
import type { UnmetRequirement } from '../../reasons/reason.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import type { DeliveryCandidate } from './candidate.ts';
import { hasClaim } from './pod-requirements.ts';

const CLASS_SUFFIX = '.storageclass.storage.k8s.io/';

/** A pod whose claim does not exist, or is bound to another node, does not start. */
export function usableClaim({ delivery, sources, values }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.kind !== 'persistentVolumeClaim' || !sources.cluster.claim) return undefined;
  const claim = render(delivery.claimName, values);
  // A pod that has the claim already, of its own or by an earlier injection, depends on it anyway.
  if (hasClaim(sources.pod, claim)) return undefined;
  const found = sources.cluster.claim(sources.namespace.name, claim);
  if (found === undefined) return undefined;
  const problem = found === 'absent' ? ({ kind: 'absent' } as const) : claimProblem(found, sources);
  return problem && { why: 'claim', claim, problem };
}

/** The conditions for which the scheduler (plugins/volumebinding, volumerestrictions), the kubelet or the attachment of the volume would wait. */
function claimProblem(claim: Claim, sources: SettingSources): ClaimProblem | undefined {
  if (claim.deleting) return { kind: 'deleting' };
  if (claim.lost) return { kind: 'lost' };
  if (claim.block) return { kind: 'block' };
  if (claim.unbound) return { kind: claim.unbound === 'never' ? 'no-volume' : 'unbound' };
  if (claim.terms && !mayMeetTerms(sources.pod, claim.terms)) return { kind: 'unreachable' };
  if (!claim.oneNode) return undefined;
  return claim.onePod ? problemOfOnePod(claim) : problemOfOneNode(claim, sources);
}

function problemOfOnePod({ heldBy }: Claim): ClaimProblem {
  return heldBy === undefined ? { kind: 'one-pod' } : { kind: 'in-use', node: heldBy };
}

/** The scheduler does not look at where a volume is attached, so pods on different nodes keep each other from starting. */
function problemOfOneNode({ heldBy, terms }: Claim, { pod, cluster }: SettingSources): ClaimProblem | undefined {
  // It puts all pods where the volume is.
  if (terms && onlyNodeOf(terms) !== undefined) return undefined;
  if (cluster.nodes?.()?.single === true) return undefined;
  if (heldBy !== undefined) return isPinnedTo(pod, heldBy) ? undefined : { kind: 'elsewhere', node: heldBy };
  // Each pod of a DaemonSet is bound to another node.
  const isForOne = isPinned(pod) && !ownerKindsOf(pod, cluster).includes('DaemonSet');
  return isForOne ? undefined : { kind: 'one-node' };
}

/** The claim of an ephemeral volume needs a class that makes volumes where the pod can run, or a volume that is there. */
export function volumeForClaim({ delivery, sources, values }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.kind !== 'ephemeral' || !sources.cluster.newVolume) return undefined;
  const storageClass = delivery.storageClassName && render(delivery.storageClassName, values);
  const { unbound, terms } = sources.cluster.newVolume(storageClass);
  const isReachable = !terms || mayMeetTerms(sources.pod, terms);
  if (unbound !== 'never' && isReachable) return undefined;
  return { why: 'storage-class', storageClass, problem: isReachable ? 'no-volume' : 'unreachable' };
}

/** A claim beyond a quota is never created, and its pod does not start (k8s.io/kubernetes quota/v1/evaluator/core/persistent_volume_claims.go). */
export function sufficientQuota({ delivery, sources, values }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.kind !== 'ephemeral' || !sources.cluster.quotas) return undefined;
  const storageClass = delivery.storageClassName && render(delivery.storageClassName, values);
  const usage = Object.entries(quotaUsage(parseQuantity(delivery.size) ?? 0, storageClass));
  for (const { name, left } of sources.cluster.quotas(sources.namespace.name) ?? []) {
    const exceeded = usage.find(([resource, amount]) => (left.get(resource) ?? Infinity) < amount);
    if (exceeded) return { why: 'quota', quota: name, resource: exceeded[0] };
  }
  return undefined;
}

function quotaUsage(size: number, storageClass: string | undefined): Readonly<Record<string, number>> {
  const prefix = `${storageClass}${CLASS_SUFFIX}`;
  return {
    persistentvolumeclaims: 1,
    'count/persistentvolumeclaims': 1,
    'requests.storage': size,
    ...(storageClass !== undefined && {
      [`${prefix}persistentvolumeclaims`]: 1,
      [`${prefix}requests.storage`]: size,
    }),
  };
}

/** A claim whose size violates a LimitRange is not created either (plugin/pkg/admission/limitranger PersistentVolumeClaimValidateLimitFunc). */
export function permittedClaimSize({ delivery, sources }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.kind !== 'ephemeral') return undefined;
  const size = parseQuantity(delivery.size) ?? 0;
  const violated = sources.cluster
    .limitRanges?.(sources.namespace.name)
    ?.find(
      ({ type, min, max }) =>
        type === 'PersistentVolumeClaim' &&
        (size < (min.get('storage') ?? 0) || size > (max.get('storage') ?? Infinity)),
    );
  return violated && { why: 'claim-size', limitRange: violated.name, size: delivery.size };
}
