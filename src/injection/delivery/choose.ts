import { AUTO } from '../../api/keys.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Result } from '../../lib/result.ts';
import type { UnmetRequirement, SkippedDelivery, Reason, Source } from '../../reasons/reason.ts';
import { type SettingSources, resolveSetting } from '../../settings/resolve.ts';
import type { Values } from './candidate.ts';
import { unmetRequirement } from './requirements.ts';

export interface ChosenDelivery {
  readonly delivery: Delivery;
  /** Source of the `delivery` setting; undefined if the delivery was chosen automatically. */
  readonly source: Source | undefined;
  readonly skipped: readonly SkippedDelivery[];
}

/** Nothing shows whether an image contains the agent, so the setting must name such a delivery. */
const NAMED_ONLY: UnmetRequirement = { why: 'named-only' };

/** Chooses the delivery that the setting names, else the profile's first that is possible for the pod, its namespace and the cluster. */
export function chooseDelivery(
  sources: SettingSources,
  profile: Profile,
  values: Values,
): Result<ChosenDelivery, Reason> {
  const setting = resolveSetting(sources, 'delivery');
  if (!setting || setting.text === AUTO) return firstPossible(sources, profile, values);
  const { text: name, source } = setting;
  const delivery = profile.deliveries.find((one) => one.name === name);
  if (!delivery) {
    const known = [...profile.deliveries.map((one) => one.name), AUTO];
    return { ok: false, error: { code: 'unknown-delivery', name, source, known } };
  }
  const requirement = unmetRequirement({ delivery, sources, profile, values });
  if (requirement && !isSuspected(requirement)) {
    return {
      ok: false,
      error: claimReason(requirement) ?? { code: 'delivery-not-possible', delivery: name, source, requirement },
    };
  }
  return { ok: true, value: { delivery, source, skipped: [] } };
}

/** True for what is likely rather than known, such as the file system of a claim: a delivery that a setting names is used all the same. */
function isSuspected(requirement: UnmetRequirement): boolean {
  const { why } = requirement;
  return why === 'kubernetes' ? requirement.actual === undefined : why === 'user-namespace' || why === 'volume-owner';
}

function firstPossible(sources: SettingSources, profile: Profile, values: Values): Result<ChosenDelivery, Reason> {
  const skipped: SkippedDelivery[] = [];
  const isAllBaked = profile.deliveries.every(({ type }) => type === 'baked');
  for (const delivery of profile.deliveries) {
    const isGuess = delivery.type === 'baked' && !isAllBaked;
    const requirement = isGuess ? NAMED_ONLY : unmetRequirement({ delivery, sources, profile, values });
    if (!requirement) return { ok: true, value: { delivery, source: undefined, skipped } };
    skipped.push({ delivery: delivery.name, requirement });
  }
  const claim = skipped.map(({ requirement }) => claimReason(requirement)).find((reason) => reason !== undefined);
  return { ok: false, error: claim ?? { code: 'no-fitting-delivery', profile: profile.name, skipped } };
}

/** An unusable claim has a reason of its own: it is what the profile prefers, and what a user can fix. */
function claimReason(requirement: UnmetRequirement): Reason | undefined {
  return requirement.why === 'claim'
    ? { code: 'claim-unusable', claim: requirement.claim, problem: requirement.problem }
    : undefined;
}
