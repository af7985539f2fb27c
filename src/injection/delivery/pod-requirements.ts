import type { LimitRangeItem } from '../../kubernetes/cluster-state.ts';
import { claimsOf, containersOf, type Pod, windowsOptionsOf } from '../../kubernetes/pod.ts';
import { parseQuantity, resourceMillis } from '../../kubernetes/quantity.ts';
import { isObject } from '../../lib/json.ts';
import type { CopyStep } from '../../profiles/delivery.ts';
import { render } from '../../profiles/template.ts';
import type { UnmetRequirement } from '../../reasons/reason.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import { initResources } from '../files/init-resources.ts';
import type { DeliveryCandidate } from './candidate.ts';

/**
 * A volume of a pod with `hostUsers: false` is mounted with mapped IDs. NFS cannot do that, and neither can image volumes of a containerd before
 * 2.2.2: the container is never created.
 */
export function mountableForUser({
  delivery,
  sources: { pod },
  values,
}: DeliveryCandidate): UnmetRequirement | undefined {
  if (pod.spec['hostUsers'] !== false) return undefined;
  if (delivery.kind === 'image') return { why: 'user-namespace' };
  if (delivery.kind !== 'persistentVolumeClaim') return undefined;
  // Of a claim that the pod has already, the author knows it.
  return hasClaim(pod, render(delivery.claimName, values)) ? undefined : { why: 'user-namespace' };
}

// A pod can have thousands of volumes and containers, and each container is checked.
const claimsByPod = new WeakMap<Pod, ReadonlySet<string>>();

export function hasClaim(pod: Pod, claim: string): boolean {
  const names = claimsByPod.get(pod) ?? new Set(claimsOf(pod.spec.volumes));
  claimsByPod.set(pod, names);
  return names.has(claim);
}

/** A new file system belongs to root with mode 0755, and the init container that fills it does not run as root. */
export function writableVolume({ delivery, sources: { pod } }: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.kind !== 'ephemeral') return undefined;
  const context = pod.spec['securityContext'];
  return isObject(context) && typeof context['fsGroup'] === 'number' ? undefined : { why: 'volume-owner' };
}

const MAX_NAME_LENGTH = 253;

/** A name that the API server makes: at most 58 characters of generateName, and five more (k8s.io/apiserver pkg/storage/names). */
const MAX_PREFIX_LENGTH = 58;

const SUFFIX_LENGTH = 5;

/** For a hyphen, and for the number that makes the name of a volume unique. */
const SEPARATOR_LENGTH = 4;

/** The claim of an ephemeral volume is called POD-VOLUME (k8s.io/kubernetes core validation.go validateVolumes). */
export function validClaimName({
  delivery,
  profile,
  sources: { pod },
}: DeliveryCandidate): UnmetRequirement | undefined {
  if (delivery.kind !== 'ephemeral') return undefined;
  const { name, generateName = '' } = pod.metadata ?? {};
  const length = name?.length ?? Math.min(generateName.length, MAX_PREFIX_LENGTH) + SUFFIX_LENGTH;
  return length + SEPARATOR_LENGTH + profile.name.length > MAX_NAME_LENGTH ? { why: 'claim-name' } : undefined;
}

const hostProcessPods = new WeakMap<Pod, boolean>();

/** Either all containers of a pod are HostProcess containers, or none (core validation.go validateWindowsHostProcessPod). */
export function noHostProcess({ delivery, sources: { pod } }: DeliveryCandidate): UnmetRequirement | undefined {
  if (!('copy' in delivery)) return undefined;
  const isHostProcess =
    hostProcessPods.get(pod) ??
    [pod.spec, ...containersOf(pod)].some((owner) => windowsOptionsOf(owner)?.['hostProcess'] === true);
  hostProcessPods.set(pod, isHostProcess);
  return isHostProcess ? { why: 'host-process' } : undefined;
}

/** Below this, starting a container and copying some thousand files ends in an out-of-memory loop or takes minutes. */
const LEAST = { cpu: '20m', memory: '32Mi' } as const;

// By the sources of one pass, since the limits depend on the pod and on the LimitRanges of its namespace.
const smallLimits = new WeakMap<SettingSources, Map<CopyStep, UnmetRequirement | undefined>>();

export function sufficientLimits({ delivery, sources }: DeliveryCandidate): UnmetRequirement | undefined {
  if (!('copy' in delivery)) return undefined;
  const { pod, cluster, namespace } = sources;
  // A pod can have thousands of containers, and its limits are the same for each.
  const byCopy = smallLimits.get(sources) ?? new Map<CopyStep, UnmetRequirement | undefined>();
  smallLimits.set(sources, byCopy);
  if (!byCopy.has(delivery.copy))
    byCopy.set(delivery.copy, smallLimit(pod, delivery.copy, cluster.limitRanges?.(namespace.name) ?? []));
  return byCopy.get(delivery.copy);
}

function smallLimit(pod: Pod, copy: CopyStep, limitRanges: readonly LimitRangeItem[]): UnmetRequirement | undefined {
  const limits = initResources(pod, copy, limitRanges)?.limits;
  for (const resource of ['cpu', 'memory'] as const) {
    const ofPod = resourceMillis(pod.spec, 'limits', resource);
    const own = parseQuantity(limits?.[resource]);
    const effective = Math.min(own || Infinity, ofPod === undefined ? Infinity : ofPod / 1000);
    const least = Math.min(parseQuantity(LEAST[resource]) ?? 0, parseQuantity(copy.limits[resource]) ?? Infinity);
    if (effective < least) return { why: 'init-limit', resource, least: LEAST[resource] };
  }
  return undefined;
}
