import type { Claim } from '../../kubernetes/cluster-state.ts';
import { enforcedLevel } from '../../kubernetes/pod-security.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import { parseQuantity, resourceMillis } from '../../kubernetes/quantity.ts';
import { isPinnedTo, osOf } from '../../kubernetes/scheduling.ts';
import { isAtLeast } from '../../kubernetes/version.ts';
import { deliveryNeeds, requiredTemplates } from '../../profiles/delivery.ts';
import { isImage } from '../../profiles/parameter.ts';
import { parametersOf, render } from '../../profiles/template.ts';
import type { ClaimProblem, UnmetRequirement } from '../../reasons/reason.ts';
import { resolveSetting } from '../../settings/resolve.ts';
import { readTypes } from '../../settings/setting-values.ts';
import type { DeliveryCandidate } from './candidate.ts';
import {
  hasClaim,
  mountableForUser,
  noHostProcess,
  sufficientLimits,
  validClaimName,
  writableVolume,
} from './pod-requirements.ts';

type Requirement = (candidate: DeliveryCandidate) => UnmetRequirement | undefined;

const CLASS_SUFFIX = '.storageclass.storage.k8s.io/';

/** In order: the first that is not met is reported. An unknown fact counts as met, except the version of the API server. */
const requirements: readonly Requirement[] = [
  ({ delivery: { type }, sources }) => {
    const setting = resolveSetting(sources, 'exclude-deliveries');
    return setting && readTypes(setting.text).includes(type)
      ? { why: 'excluded', type, by: setting.source }
      : undefined;
  },
  ({ delivery, sources: { pod }, profile }) => {
    const os = delivery.os ?? profile.constraints.os;
    return os.includes(osOf(pod) ?? '') ? undefined : { why: 'os', os };
  },
  ({ delivery, sources: { cluster } }) => {
    const minimum = deliveryNeeds[delivery.type].kubernetes;
    const actual = cluster.kubernetes;
    return !minimum || (actual && isAtLeast(actual, minimum)) ? undefined : { why: 'kubernetes', minimum, actual };
  },
  ({ delivery, sources: { namespace, cluster } }) => {
    if (deliveryNeeds[delivery.type].baseline) return undefined;
    const enforced = enforcedLevel(namespace, cluster);
    return enforced.level === 'privileged' ? undefined : { why: 'pod-security', ...enforced };
  },
  ({ delivery, values }) => {
    const parameter = requiredTemplates(delivery)
      .flatMap(([, template]) => parametersOf(template))
      .find((name) => !values.has(name));
    return parameter === undefined ? undefined : { why: 'parameter', parameter };
  },
  validImage,
  usableClaim,
  sufficientQuota,
  permittedClaimSize,
  sufficientStorage,
  mountableForUser,
  writableVolume,
  validClaimName,
  noHostProcess,
  sufficientLimits,
];

export function unmetRequirement(candidate: DeliveryCandidate): UnmetRequirement | undefined {
  for (const requirement of requirements) {
    const unmet = requirement(candidate);
    if (unmet) return unmet;
  }
  return undefined;
}

/** An image name combined from several valid values may itself be invalid. */
function validImage({ delivery, values }: DeliveryCandidate): UnmetRequirement | undefined {
  const template = 'copy' in delivery ? delivery.copy.image : 'image' in delivery ? delivery.image : undefined;
  if (!template) return undefined;
  const image = render(template, values);
  return isImage(image) ? undefined : { why: 'image', image };
}

/** A pod whose claim does not exist, or is bound to another node, does not start. */
function usableClaim({ delivery, sources, values }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.type !== 'persistentVolumeClaim' || !sources.cluster.claim) return undefined;
  const claim = render(delivery.claimName, values);
  // A pod that has the claim already, of its own or by an earlier injection, depends on it anyway.
  if (hasClaim(sources.pod, claim)) return undefined;
  const found = sources.cluster.claim(sources.namespace.name, claim);
  if (found === undefined) return undefined;
  const problem = found === 'absent' ? ({ kind: 'absent' } as const) : claimProblem(found, sources.pod);
  return problem && { why: 'claim', claim, problem };
}

// A pod can have thousands of containers, and each is checked.
const storageLimits = new WeakMap<Pod, number>();

/** The conditions for which the scheduler (plugins/volumebinding, volumerestrictions), the kubelet or the attachment of the volume would wait. */
function claimProblem({ deleting, heldBy, onePod, lost, block }: Claim, pod: Pod): ClaimProblem | undefined {
  if (deleting) return { kind: 'deleting' };
  if (lost) return { kind: 'lost' };
  if (block) return { kind: 'block' };
  if (heldBy === undefined) return undefined;
  if (onePod) return { kind: 'in-use', node: heldBy };
  return isPinnedTo(pod, heldBy) ? undefined : { kind: 'elsewhere', node: heldBy };
}

/** A claim beyond a quota is never created, and its pod does not start (k8s.io/kubernetes quota/v1/evaluator/core/persistent_volume_claims.go). */
function sufficientQuota({ delivery, sources, values }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.type !== 'ephemeral' || !sources.cluster.quotas) return undefined;
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
function permittedClaimSize({ delivery, sources }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.type !== 'ephemeral') return undefined;
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

/**
 * Files in an emptyDir on the node's disk count towards the pod's limit of ephemeral storage, and a pod above its limit is evicted (kubelet
 * eviction_manager.go podEphemeralStorageLimitEviction). If any container has a limit, the sum of the limits is the limit of the pod.
 */
function sufficientStorage({ delivery, sources: { pod } }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.type !== 'initContainer' || delivery.medium === 'Memory') return undefined;
  const limit = storageLimits.get(pod) ?? storageLimitInBytes(pod);
  storageLimits.set(pod, limit);
  return limit < (parseQuantity(delivery.sizeLimit) ?? 0)
    ? { why: 'ephemeral-storage', limit: delivery.sizeLimit }
    : undefined;
}

function storageLimitInBytes({ spec }: Pod): number {
  const initContainers = spec.initContainers ?? [];
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const limitsOf = (containers: typeof spec.containers): readonly number[] =>
    containers.flatMap((container) => resourceMillis(container, 'limits', 'ephemeral-storage') ?? []);
  const running = limitsOf([...spec.containers, ...sidecars]);
  const starting = limitsOf(initContainers);
  if (running.length === 0 && starting.length === 0) return Infinity;
  const sum = running.reduce((total, limit) => total + limit, 0);
  return starting.reduce((most, limit) => Math.max(most, limit), sum) / 1000;
}
