import { isAtLeast, type KubernetesVersion } from './cluster.ts';
import { deliveryNeeds, templatesIn, type Delivery } from './delivery.ts';
import { osOf } from './facts.ts';
import { isObject } from './json.ts';
import { isImage } from './parameter.ts';
import type { Pod } from './pod.ts';
import type { Profile } from './profile.ts';
import { parseQuantity } from './quantity.ts';
import type { Layers } from './settings.ts';
import { parametersOf, render } from './template.ts';

/** Why a delivery cannot be used for a pod: what would keep the pod from starting, or from being created. */
export type Misfit =
  | { readonly why: 'named-only' }
  | { readonly why: 'kubernetes'; readonly least: KubernetesVersion; readonly found: KubernetesVersion | undefined }
  | { readonly why: 'pod-security'; readonly level: string }
  | { readonly why: 'os'; readonly os: readonly string[] }
  | { readonly why: 'parameter'; readonly parameter: string }
  | { readonly why: 'image'; readonly image: string }
  | { readonly why: 'claim'; readonly claim: string; readonly trouble: ClaimTrouble }
  | { readonly why: 'quota'; readonly quota: string; readonly resource: string }
  | { readonly why: 'ephemeral-storage'; readonly limit: string };

/** `elsewhere`: it can be mounted on one node only, and is on that one. */
export type ClaimTrouble =
  | { readonly kind: 'absent' }
  | { readonly kind: 'deleting' }
  | { readonly kind: 'elsewhere'; readonly node: string };

/** What templates may refer to, as far as it has a value: parameters, facts, variants. */
export type Values = ReadonlyMap<string, string>;

/** A delivery that is looked at for one container. */
export interface Candidate {
  readonly delivery: Delivery;
  readonly layers: Layers;
  readonly profile: Profile;
  readonly values: Values;
}

/** The label by which a namespace chooses its Pod Security level (k8s.io/pod-security-admission api EnforceLevelLabel). */
const ENFORCE_LABEL = 'pod-security.kubernetes.io/enforce';

/** In the order in which they are asked: the first that objects is what is told. What nobody knows is no objection, but for a version. */
const rules: readonly ((candidate: Candidate) => Misfit | undefined)[] = [
  ({ delivery, layers: { pod }, profile }) => {
    const os = delivery.os ?? profile.constraints.os;
    return os.includes(osOf(pod) ?? '') ? undefined : { why: 'os', os };
  },
  ({ delivery, layers: { cluster } }) => {
    const least = deliveryNeeds[delivery.type].kubernetes;
    const found = cluster.kubernetes;
    return !least || (found && isAtLeast(found, least)) ? undefined : { why: 'kubernetes', least, found };
  },
  ({ delivery, layers: { namespace } }) => {
    const level = namespace.labels[ENFORCE_LABEL];
    if (deliveryNeeds[delivery.type].baseline || (level !== 'baseline' && level !== 'restricted')) return undefined;
    return { why: 'pod-security', level };
  },
  ({ delivery, values }) => {
    const lacking = templatesIn(delivery)
      .flatMap(([, template]) => parametersOf(template))
      .find((name) => !values.has(name));
    return lacking === undefined ? undefined : { why: 'parameter', parameter: lacking };
  },
  unreadableImage,
  claimTrouble,
  exceededQuota,
  tooSmallStorage,
];

/** Why the delivery cannot be used, or undefined. */
export function misfitOf(candidate: Candidate): Misfit | undefined {
  for (const rule of rules) {
    const misfit = rule(candidate);
    if (misfit) return misfit;
  }
  return undefined;
}

/** An image name is made of several values; each can be right and the whole no name. */
function unreadableImage({ delivery, values }: Candidate): Misfit | undefined {
  const template = 'copy' in delivery ? delivery.copy.image : 'image' in delivery ? delivery.image : undefined;
  if (!template) return undefined;
  const image = render(template, values);
  return isImage(image) ? undefined : { why: 'image', image };
}

/** A pod that names a claim which is not there, or which another node holds, waits for it before it starts. */
function claimTrouble({ delivery, layers, values }: Candidate): Misfit | undefined {
  if (delivery.type !== 'persistentVolumeClaim' || !layers.cluster.claim) return undefined;
  const claim = render(delivery.claimName, values);
  const found = layers.cluster.claim(layers.namespace.name, claim);
  if (found === undefined) return undefined;
  const trouble = (kind: ClaimTrouble): Misfit => ({ why: 'claim', claim, trouble: kind });
  if (found === 'absent') return trouble({ kind: 'absent' });
  if (found.deleting) return trouble({ kind: 'deleting' });
  const { heldBy } = found;
  return heldBy === undefined || nodeOf(layers.pod) === heldBy
    ? undefined
    : trouble({ kind: 'elsewhere', node: heldBy });
}

function nodeOf({ spec }: Pod): unknown {
  return spec['nodeName'] ?? spec.nodeSelector?.['kubernetes.io/hostname'];
}

/** A claim that a quota refuses is never made, and its pod waits for it. */
function exceededQuota({ delivery, layers }: Candidate): Misfit | undefined {
  if (delivery.type !== 'ephemeral' || !layers.cluster.quotas) return undefined;
  const needed = { persistentvolumeclaims: 1, 'requests.storage': parseQuantity(delivery.size) ?? 0 };
  for (const { name, left } of layers.cluster.quotas(layers.namespace.name) ?? []) {
    for (const [resource, amount] of Object.entries(needed)) {
      if ((left.get(resource) ?? Infinity) < amount) return { why: 'quota', quota: name, resource };
    }
  }
  return undefined;
}

/** Files in an emptyDir on the node's disk count towards what the pod may use of it; a pod that uses more is evicted (kubelet eviction). */
function tooSmallStorage({ delivery, layers: { pod } }: Candidate): Misfit | undefined {
  if (delivery.type !== 'initContainer' || delivery.medium === 'Memory') return undefined;
  const limit = storageLimits.get(pod) ?? storageLimitOf(pod);
  storageLimits.set(pod, limit);
  return limit < (parseQuantity(delivery.sizeLimit) ?? 0)
    ? { why: 'ephemeral-storage', limit: delivery.sizeLimit }
    : undefined;
}

// A pod can have thousands of containers, and this is asked for each.
const storageLimits = new WeakMap<Pod, number>();

/** What all app containers may use of the node's disk together; without a limit where one of them has none. */
function storageLimitOf(pod: Pod): number {
  return pod.spec.containers.reduce((sum, { resources }) => {
    const own =
      isObject(resources) && isObject(resources['limits']) ? resources['limits']['ephemeral-storage'] : undefined;
    return sum + (parseQuantity(own) ?? Infinity);
  }, 0);
}
