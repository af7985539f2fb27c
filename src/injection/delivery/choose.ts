import { AUTO } from '../../api/keys.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Result } from '../../lib/result.ts';
import type { UnmetRequirement, SkippedDelivery, Reason, Source } from '../../reasons/reason.ts';
import { type SettingSources, resolveSetting } from '../../settings/resolve.ts';
import { unmetRequirement, type Values } from './requirements.ts';

export interface ChosenDelivery {
  readonly delivery: Delivery;
  /** Who named it; undefined: it is the first that fits. */
  readonly source: Source | undefined;
  readonly skipped: readonly SkippedDelivery[];
}

/** Nobody but the author knows what is in an image: who has the agent in it says so. */
const NAMED_ONLY: UnmetRequirement = { why: 'named-only' };

/** The delivery that the settings name, else the profile's first that fits the pod, its namespace and the cluster. */
export function chooseDelivery(
  context: SettingSources,
  profile: Profile,
  values: Values,
): Result<ChosenDelivery, Reason> {
  const setting = resolveSetting(context, 'delivery');
  if (!setting || setting.text === AUTO) return firstThatFits(context, profile, values);
  const delivery = profile.deliveries.find(({ name }) => name === setting.text);
  const { source } = setting;
  if (!delivery) {
    const known = [...profile.deliveries.map(({ name }) => name), AUTO];
    return { ok: false, error: { code: 'unknown-delivery', name: setting.text, source, known } };
  }
  const requirement = unmetRequirement({ delivery, sources: context, profile, values });
  // Who names a delivery is believed about a version that nobody can see.
  if (requirement && !(requirement.why === 'kubernetes' && requirement.found === undefined)) {
    return {
      ok: false,
      error: claimReason(requirement) ?? {
        code: 'delivery-not-possible',
        delivery: delivery.name,
        source,
        requirement,
      },
    };
  }
  return { ok: true, value: { delivery, source, skipped: [] } };
}

function firstThatFits(context: SettingSources, profile: Profile, values: Values): Result<ChosenDelivery, Reason> {
  const skipped: SkippedDelivery[] = [];
  const onlyBaked = profile.deliveries.every(({ type }) => type === 'baked');
  for (const delivery of profile.deliveries) {
    const isGuess = delivery.type === 'baked' && !onlyBaked;
    const requirement = isGuess ? NAMED_ONLY : unmetRequirement({ delivery, sources: context, profile, values });
    if (!requirement) return { ok: true, value: { delivery, source: undefined, skipped } };
    skipped.push({ delivery: delivery.name, requirement });
  }
  const claim = skipped.map(({ requirement }) => claimReason(requirement)).find((reason) => reason !== undefined);
  return { ok: false, error: claim ?? { code: 'no-fitting-delivery', profile: profile.name, skipped } };
}

/** Of all misfits the one that a person will want to mend: the claim is what the profile asked for. */
function claimReason(requirement: UnmetRequirement): Reason | undefined {
  return requirement.why === 'claim'
    ? { code: 'claim-unusable', claim: requirement.claim, trouble: requirement.trouble }
    : undefined;
}
