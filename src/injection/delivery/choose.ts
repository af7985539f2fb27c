import { AUTO } from '../../api/keys.ts';
import type { DeliveryKind } from '../../api/delivery-kinds.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import { osOf } from '../../kubernetes/scheduling.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Result } from '../../lib/result.ts';
import type { UnmetRequirement, SkippedDelivery, Reason, Setting, Source } from '../../reasons/reason.ts';
import { levelOf } from '../../settings/levels.ts';
import { type SettingSources, resolveSetting } from '../../settings/resolve.ts';
import type { DeliveryCandidate, Values } from './candidate.ts';
import { unmetRequirement } from './requirements.ts';
import { isRequired } from '../../settings/required.ts';

export interface ChosenDelivery {
  readonly delivery: Delivery;
  /** Source of the `delivery` setting; undefined if the delivery was chosen automatically. */
  readonly source: Source | undefined;
  readonly skipped: readonly SkippedDelivery[];
}

/** Nothing shows whether an image contains the agent, so the setting must name such a delivery. */
const NAMED_ONLY: UnmetRequirement = { why: 'named-only' };

/** Nothing shows it where an agent is required either, so the namespace or the cluster must say so, not the pod. */
const UNVERIFIABLE: UnmetRequirement = { why: 'unverifiable' };

/** Chooses the delivery that the setting names, else the profile's first that is possible for the pod, its namespace and the cluster. */
export function chooseDelivery(
  sources: SettingSources,
  profile: Profile,
  values: Values,
  container: string,
): Result<ChosenDelivery, Reason> {
  const setting = resolveSetting(sources, 'delivery');
  if (!setting || setting.text === AUTO) {
    const isPodsChoice = isUnproven(sources, resolveSetting(sources, 'profile', container));
    return firstPossible({ sources, profile, values }, isPodsChoice);
  }
  const { text: name, source } = setting;
  const delivery = profile.deliveries.find((one) => one.name === name);
  if (!delivery) {
    const known = [...profile.deliveries.map((one) => one.name), AUTO];
    return { ok: false, error: { code: 'unknown-delivery', name, source, known } };
  }
  const isUnverifiable = delivery.kind === 'preinstalled' && isUnproven(sources, setting);
  const requirement = isUnverifiable ? UNVERIFIABLE : unmetRequirement({ delivery, sources, profile, values });
  if (requirement && !isSuspected(requirement)) {
    return {
      ok: false,
      error: claimReason(requirement) ?? { code: 'delivery-not-possible', delivery: name, source, requirement },
    };
  }
  return { ok: true, value: { delivery, source, skipped: [] } };
}

/** True for what is likely rather than known, such as the file system of a claim, or on how many nodes pods will run: a delivery that a setting names is used all the same. */
function isSuspected(requirement: UnmetRequirement): boolean {
  const { why } = requirement;
  if (why === 'claim') return requirement.problem.kind === 'one-node' || requirement.problem.kind === 'one-pod';
  return why === 'kubernetes' ? requirement.actual === undefined : why === 'user-namespace' || why === 'volume-owner';
}

/** True if only the pod itself says which agent is in its image, although an agent is required. */
function isUnproven(sources: SettingSources, setting: Setting | undefined): boolean {
  const level = setting && levelOf(setting.source.from);
  return (level === 'pod' || level === 'container') && isRequired(sources);
}

function firstPossible(
  candidate: Omit<DeliveryCandidate, 'delivery'>,
  isPodsChoice: boolean,
): Result<ChosenDelivery, Reason> {
  const { profile } = candidate;
  const skipped: SkippedDelivery[] = [];
  for (const delivery of profile.deliveries) {
    const requirement =
      unmetRequirement({ ...candidate, delivery }) ?? whyOnlyNamed(delivery.kind, candidate, isPodsChoice);
    if (!requirement) return { ok: true, value: { delivery, source: undefined, skipped } };
    skipped.push({ delivery: delivery.name, requirement });
  }
  const claim = skipped.map(({ requirement }) => claimReason(requirement)).find((reason) => reason !== undefined);
  return { ok: false, error: claim ?? { code: 'no-fitting-delivery', profile: profile.name, skipped } };
}

/** Why deliveries of a type are not chosen automatically. Asked last, so that a decision is tied to the nodes only if it depends on them. */
function whyOnlyNamed(
  kind: DeliveryKind,
  candidate: Omit<DeliveryCandidate, 'delivery'>,
  isPodsChoice: boolean,
): UnmetRequirement | undefined {
  if (kind === 'image') return whyNoImageVolume(candidate);
  if (kind !== 'preinstalled') return undefined;
  if (!candidate.profile.deliveries.every((one) => one.kind === 'preinstalled')) return NAMED_ONLY;
  return isPodsChoice ? UNVERIFIABLE : undefined;
}

/**
 * A kubelet before 1.35 never starts a pod with an image volume, and it may be three versions older than the API server; containerd before 2.2 ignores
 * a subPath of it; other runtimes mount an empty directory. A profile without another delivery leaves no choice, unless the nodes certainly cannot.
 */
function whyNoImageVolume({
  profile: { deliveries },
  sources,
}: Omit<DeliveryCandidate, 'delivery'>): UnmetRequirement | undefined {
  const setting = resolveSetting(sources, 'image-volumes')?.text;
  if (setting === 'on') return undefined;
  const nodes = setting === 'off' ? 'off' : whatNodesMount(sources);
  if (nodes === 'images') return undefined;
  const hasOther = deliveries.some(({ kind }) => kind !== 'image' && kind !== 'preinstalled');
  return hasOther || nodes === 'unable' ? { why: 'image-volumes', nodes } : undefined;
}

function whatNodesMount({ cluster, pod }: SettingSources): 'images' | 'unable' | 'unknown' {
  const facts = cluster.nodes?.();
  if (!facts) return 'unknown';
  return facts.mountImages && osOf(pod) !== 'windows' ? 'images' : 'unable';
}

/** An unusable claim has a reason of its own: it is what the profile prefers, and what a user can fix. */
function claimReason(requirement: UnmetRequirement): Reason | undefined {
  return requirement.why === 'claim'
    ? { code: 'claim-unusable', claim: requirement.claim, problem: requirement.problem }
    : undefined;
}
