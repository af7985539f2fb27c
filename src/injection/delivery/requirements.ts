import { enforcedLevel } from '../../kubernetes/pod-security.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import { parseQuantity, resourceMillis } from '../../kubernetes/quantity.ts';
import { osOf } from '../../kubernetes/scheduling.ts';
import { isAtLeast } from '../../kubernetes/version.ts';
import { isMet } from '../../profiles/condition.ts';
import { deliveryNeeds, imageOfDelivery, requiredTemplates } from '../../profiles/delivery.ts';
import { isImage } from '../../profiles/parameter.ts';
import { parametersOf, render } from '../../profiles/template.ts';
import type { UnmetRequirement } from '../../reasons/reason.ts';
import { resolveSetting } from '../../settings/resolve.ts';
import { readKinds } from '../../settings/setting-values.ts';
import type { DeliveryCandidate } from './candidate.ts';
import { permittedClaimSize, sufficientQuota, usableClaim, volumeForClaim } from './claim-requirements.ts';
import {
  mountableForUser,
  noHostProcess,
  sufficientLimits,
  validClaimName,
  writableVolume,
} from './pod-requirements.ts';

type Requirement = (candidate: DeliveryCandidate) => UnmetRequirement | undefined;

/** In order: the first that is not met is reported. An unknown fact counts as met, except the version of the API server. */
const requirements: readonly Requirement[] = [
  ({ delivery: { kind }, sources }) => {
    const setting = resolveSetting(sources, 'exclude-deliveries');
    return setting && readKinds(setting.text).includes(kind)
      ? { why: 'excluded', kind, by: setting.source }
      : undefined;
  },
  ({ delivery, sources: { pod }, profile }) => {
    const os = delivery.os ?? profile.constraints.os;
    return os.includes(osOf(pod) ?? '') ? undefined : { why: 'os', os };
  },
  ({ delivery, sources: { cluster } }) => {
    const minimum = deliveryNeeds[delivery.kind].kubernetes;
    const actual = cluster.kubernetes;
    return !minimum || (actual && isAtLeast(actual, minimum)) ? undefined : { why: 'kubernetes', minimum, actual };
  },
  permittedVolumes,
  ({ delivery, values }) => {
    const parameter = requiredTemplates(delivery)
      .flatMap(([, template]) => parametersOf(template))
      .find((name) => !values.has(name));
    return parameter === undefined ? undefined : { why: 'parameter', parameter };
  },
  validImage,
  usableClaim,
  volumeForClaim,
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

/** Pod Security below `privileged` forbids volumes of type hostPath: those of the delivery, and those with sockets. */
function permittedVolumes({ delivery, profile, values, sources }: DeliveryCandidate): UnmetRequirement | undefined {
  const context = { values, readOnlyRootFilesystem: true, readOnlyFiles: true };
  const mounted = profile.objects.find(({ kind, when }) => kind === 'hostPath' && isMet(when, context));
  const ofDelivery = !deliveryNeeds[delivery.kind].baseline;
  if (!ofDelivery && mounted === undefined) return undefined;
  const enforced = enforcedLevel(sources.namespace, sources.cluster);
  if (enforced.level === 'privileged') return undefined;
  return {
    why: 'pod-security',
    ...enforced,
    ...(!ofDelivery && mounted && { directory: render(mounted.name, values) }),
  };
}

/** An image name combined from several valid values may itself be invalid. */
function validImage({ delivery, values }: DeliveryCandidate): UnmetRequirement | undefined {
  const template = imageOfDelivery(delivery);
  if (!template) return undefined;
  const image = render(template, values);
  return isImage(image) ? undefined : { why: 'image', image };
}

// A pod can have thousands of containers, and each is checked.
const storageLimits = new WeakMap<Pod, number>();

/**
 * Files in an emptyDir on the node's disk count towards the pod's limit of ephemeral storage, and a pod above its limit is evicted (kubelet
 * eviction_manager.go podEphemeralStorageLimitEviction). If any container has a limit, the sum of the limits is the limit of the pod.
 */
function sufficientStorage({ delivery, sources: { pod } }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.kind !== 'initContainer' || delivery.medium === 'Memory') return undefined;
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
