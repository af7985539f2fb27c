import { isAtLeast, type KubernetesVersion } from './cluster.ts';
import { deliveryNeeds, templatesIn, type Delivery } from './delivery.ts';
import { mayRunOn } from './facts.ts';
import type { Profile } from './profile.ts';
import { lookUp, type Choice, type Layers, type Parameters, type Source } from './settings.ts';
import { parametersOf } from './template.ts';

/** Why a delivery cannot be used for a pod. */
export type Misfit =
  | { readonly why: 'kubernetes'; readonly least: KubernetesVersion; readonly found: KubernetesVersion | undefined }
  | { readonly why: 'pod-security'; readonly level: string }
  | { readonly why: 'os'; readonly os: readonly string[] }
  | { readonly why: 'parameter'; readonly parameter: string };

/** A delivery that comes before the chosen one and does not fit. */
export interface PassedOver {
  readonly delivery: string;
  readonly misfit: Misfit;
}

export interface ChosenDelivery {
  readonly delivery: Delivery;
  /** Who named it; undefined: it is the first that fits. */
  readonly source: Source | undefined;
  readonly passedOver: readonly PassedOver[];
}

/** What the setting says for "the first that fits"; so does its absence. */
export const AUTO = 'auto';

/** The label by which a namespace chooses its Pod Security level (k8s.io/pod-security-admission api EnforceLevelLabel). */
const ENFORCE_LABEL = 'pod-security.kubernetes.io/enforce';

/** The delivery that the settings name, else the profile's first that fits the pod, its namespace and the cluster. */
export function chooseDelivery(layers: Layers, profile: Profile, parameters: Parameters): Choice<ChosenDelivery> {
  const setting = lookUp(layers, 'delivery');
  if (!setting || setting.text === AUTO) return firstThatFits(layers, profile, parameters);
  const delivery = profile.deliveries.find(({ name }) => name === setting.text);
  const { source } = setting;
  if (!delivery) {
    const known = [...profile.deliveries.map(({ name }) => name), AUTO];
    return { ok: false, reason: { code: 'unknown-delivery', name: setting.text, source, known } };
  }
  const misfit = misfitOf(delivery, layers, profile, parameters);
  // Who names a delivery is believed about a version that nobody can see.
  if (misfit && !(misfit.why === 'kubernetes' && misfit.found === undefined)) {
    return { ok: false, reason: { code: 'delivery-unfit', delivery: delivery.name, source, misfit } };
  }
  return { ok: true, value: { delivery, source, passedOver: [] } };
}

function firstThatFits(layers: Layers, profile: Profile, parameters: Parameters): Choice<ChosenDelivery> {
  const passedOver: PassedOver[] = [];
  for (const delivery of profile.deliveries) {
    const misfit = misfitOf(delivery, layers, profile, parameters);
    if (!misfit) return { ok: true, value: { delivery, source: undefined, passedOver } };
    passedOver.push({ delivery: delivery.name, misfit });
  }
  return { ok: false, reason: { code: 'no-fitting-delivery', profile: profile.name, passedOver } };
}

function misfitOf(delivery: Delivery, layers: Layers, profile: Profile, parameters: Parameters): Misfit | undefined {
  const { pod, namespace, cluster } = layers;
  const needs = deliveryNeeds[delivery.type];
  const os = delivery.os ?? profile.constraints.os;
  if (!os.some((name) => pod.spec.os?.['name'] === name || mayRunOn(pod, 'kubernetes.io/os', name)))
    return { why: 'os', os };
  const least = needs.kubernetes;
  if (least && !(cluster.kubernetes && isAtLeast(cluster.kubernetes, least))) {
    return { why: 'kubernetes', least, found: cluster.kubernetes };
  }
  const level = namespace.labels[ENFORCE_LABEL];
  if (!needs.baseline && (level === 'baseline' || level === 'restricted')) return { why: 'pod-security', level };
  const lacking = templatesIn(delivery)
    .flatMap(([, template]) => parametersOf(template))
    .find((name) => profile.parameters.has(name) && !parameters.has(name));
  return lacking === undefined ? undefined : { why: 'parameter', parameter: lacking };
}
