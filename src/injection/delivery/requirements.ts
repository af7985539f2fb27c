import { POD_SECURITY_ENFORCE_LABEL } from '../../kubernetes/labels.ts';
import type { Claim } from '../../kubernetes/cluster-state.ts';
import type { Container, Pod } from '../../kubernetes/pod.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { isPinnedTo, osOf } from '../../kubernetes/scheduling.ts';
import { isAtLeast } from '../../kubernetes/version.ts';
import { isObject } from '../../lib/json.ts';
import { type Delivery, deliveryNeeds, requiredTemplates } from '../../profiles/delivery.ts';
import { isImage } from '../../profiles/parameter.ts';
import type { Profile } from '../../profiles/profile.ts';
import { parametersOf, render } from '../../profiles/template.ts';
import type { ClaimProblem, UnmetRequirement } from '../../reasons/reason.ts';
import type { SettingSources } from '../../settings/resolve.ts';

/** What templates may refer to, as far as it has a value: parameters, facts, variants. */
export type Values = ReadonlyMap<string, string>;

/** A delivery that is looked at for one container. */
export interface DeliveryCandidate {
  readonly delivery: Delivery;
  readonly sources: SettingSources;
  readonly profile: Profile;
  readonly values: Values;
}

/** Between a storage class and what a quota limits of it. */
const CLASS_SUFFIX = '.storageclass.storage.k8s.io/';

/** In the order in which they are asked: the first that objects is what is told. What nobody knows is no objection, but for a version. */
const rules: readonly ((candidate: DeliveryCandidate) => UnmetRequirement | undefined)[] = [
  ({ delivery, sources: { pod }, profile }) => {
    const os = delivery.os ?? profile.constraints.os;
    return os.includes(osOf(pod) ?? '') ? undefined : { why: 'os', os };
  },
  ({ delivery, sources: { cluster } }) => {
    const least = deliveryNeeds[delivery.type].kubernetes;
    const found = cluster.kubernetes;
    return !least || (found && isAtLeast(found, least)) ? undefined : { why: 'kubernetes', least, found };
  },
  ({ delivery, sources: { namespace } }) => {
    const level = namespace.labels[POD_SECURITY_ENFORCE_LABEL];
    if (deliveryNeeds[delivery.type].baseline || (level !== 'baseline' && level !== 'restricted')) return undefined;
    return { why: 'pod-security', level };
  },
  ({ delivery, values }) => {
    const lacking = requiredTemplates(delivery)
      .flatMap(([, template]) => parametersOf(template))
      .find((name) => !values.has(name));
    return lacking === undefined ? undefined : { why: 'parameter', parameter: lacking };
  },
  unreadableImage,
  claimTrouble,
  exceededQuota,
  refusedSize,
  tooSmallStorage,
];

/** Why the delivery cannot be used, or undefined. */
export function unmetRequirement(candidate: DeliveryCandidate): UnmetRequirement | undefined {
  for (const rule of rules) {
    const requirement = rule(candidate);
    if (requirement) return requirement;
  }
  return undefined;
}

/** An image name is made of several values; each can be right and the whole no name. */
function unreadableImage({ delivery, values }: DeliveryCandidate): UnmetRequirement | undefined {
  const template = 'copy' in delivery ? delivery.copy.image : 'image' in delivery ? delivery.image : undefined;
  if (!template) return undefined;
  const image = render(template, values);
  return isImage(image) ? undefined : { why: 'image', image };
}

/** A pod that names a claim which is not there, or which another node holds, waits for it before it starts. */
function claimTrouble({ delivery, sources: context, values }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.type !== 'persistentVolumeClaim' || !context.cluster.claim) return undefined;
  const claim = render(delivery.claimName, values);
  // A pod that names the claim already, by its author or since an earlier pass, waits for it anyway.
  if (namesClaim(context.pod, claim)) return undefined;
  const found = context.cluster.claim(context.namespace.name, claim);
  if (found === undefined) return undefined;
  const trouble = found === 'absent' ? ({ kind: 'absent' } as const) : troubleOf(found, context.pod);
  return trouble && { why: 'claim', claim, trouble };
}

// A pod can have thousands of volumes, and this is asked for each of its containers.
const claimsNamed = new WeakMap<Pod, ReadonlySet<unknown>>();

function namesClaim(pod: Pod, claim: string): boolean {
  let names = claimsNamed.get(pod);
  if (!names) {
    const sources = (pod.spec.volumes ?? []).map(({ persistentVolumeClaim }) => persistentVolumeClaim);
    names = new Set(sources.map((source) => (isObject(source) ? source['claimName'] : undefined)));
    claimsNamed.set(pod, names);
  }
  return names.has(claim);
}

/** What the scheduler (plugins/volumebinding, volumerestrictions), the kubelet or the attaching of a volume would wait for. */
function troubleOf({ deleting, heldBy, onePod, lost, block }: Claim, pod: Pod): ClaimProblem | undefined {
  if (deleting) return { kind: 'deleting' };
  if (lost) return { kind: 'lost' };
  if (block) return { kind: 'block' };
  if (heldBy === undefined) return undefined;
  if (onePod) return { kind: 'in-use', node: heldBy };
  return isPinnedTo(pod, heldBy) ? undefined : { kind: 'elsewhere', node: heldBy };
}

/** A claim that a quota refuses is never made, and its pod waits for it (k8s.io/kubernetes quota/v1/evaluator/core/persistent_volume_claims.go). */
function exceededQuota({ delivery, sources: context, values }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.type !== 'ephemeral' || !context.cluster.quotas) return undefined;
  const storageClass = delivery.storageClassName && render(delivery.storageClassName, values);
  const needed = Object.entries(neededFor(parseQuantity(delivery.size) ?? 0, storageClass));
  for (const { name, left } of context.cluster.quotas(context.namespace.name) ?? []) {
    const short = needed.find(([resource, amount]) => (left.get(resource) ?? Infinity) < amount);
    if (short) return { why: 'quota', quota: name, resource: short[0] };
  }
  return undefined;
}

/** What one claim of this size takes from quotas, by the names of resources. */
function neededFor(size: number, storageClass: string | undefined): Readonly<Record<string, number>> {
  const ofClass = `${storageClass}${CLASS_SUFFIX}`;
  return {
    persistentvolumeclaims: 1,
    'count/persistentvolumeclaims': 1,
    'requests.storage': size,
    ...(storageClass !== undefined && {
      [`${ofClass}persistentvolumeclaims`]: 1,
      [`${ofClass}requests.storage`]: size,
    }),
  };
}

/** Nor is one whose size a LimitRange refuses (plugin/pkg/admission/limitranger PersistentVolumeClaimValidateLimitFunc). */
function refusedSize({ delivery, sources: context }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.type !== 'ephemeral') return undefined;
  const size = parseQuantity(delivery.size) ?? 0;
  const range = context.cluster
    .limitRanges?.(context.namespace.name)
    ?.find(
      ({ type, min, max }) =>
        type === 'PersistentVolumeClaim' &&
        (size < (min.get('storage') ?? 0) || size > (max.get('storage') ?? Infinity)),
    );
  return range && { why: 'claim-size', limitRange: range.name, size: delivery.size };
}

/**
 * Files in an emptyDir on the node's disk count towards what the pod may use of it, and a pod that uses more is evicted (kubelet
 * eviction_manager.go podEphemeralStorageLimitEviction). As soon as one container has a limit, the limits together are that of the pod.
 */
function tooSmallStorage({ delivery, sources: { pod } }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.type !== 'initContainer' || delivery.medium === 'Memory') return undefined;
  const limit = storageLimits.get(pod) ?? storageLimitOf(pod);
  storageLimits.set(pod, limit);
  return limit < (parseQuantity(delivery.sizeLimit) ?? 0)
    ? { why: 'ephemeral-storage', limit: delivery.sizeLimit }
    : undefined;
}

// A pod can have thousands of containers, and this is asked for each.
const storageLimits = new WeakMap<Pod, number>();

/** What the pod may use of the node's disk; without a limit where no container has one. */
function storageLimitOf({ spec }: Pod): number {
  const before = spec.initContainers ?? [];
  const sidecars = before.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const together = [...spec.containers, ...sidecars].flatMap((one) => diskLimit(one) ?? []);
  const alone = before.flatMap((one) => diskLimit(one) ?? []);
  if (together.length === 0 && alone.length === 0) return Infinity;
  const sum = together.reduce((all, limit) => all + limit, 0);
  return alone.reduce((most, limit) => Math.max(most, limit), sum);
}

function diskLimit({ resources }: Container): number | undefined {
  const limits = isObject(resources) ? resources['limits'] : undefined;
  return isObject(limits) ? parseQuantity(limits['ephemeral-storage']) : undefined;
}
