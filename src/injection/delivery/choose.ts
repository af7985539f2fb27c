import { AUTO } from '../../api/keys.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Choice, Misfit, PassedOver, Reason, Source } from '../../reasons/reason.ts';
import { type Layers, lookUp } from '../../settings/resolve.ts';
import { misfitOf, type Values } from './requirements.ts';

export interface ChosenDelivery {
  readonly delivery: Delivery;
  /** Who named it; undefined: it is the first that fits. */
  readonly source: Source | undefined;
  readonly passedOver: readonly PassedOver[];
}

/** Nobody but the author knows what is in an image: who has the agent in it says so. */
const NAMED_ONLY: Misfit = { why: 'named-only' };

/** The delivery that the settings name, else the profile's first that fits the pod, its namespace and the cluster. */
export function chooseDelivery(layers: Layers, profile: Profile, values: Values): Choice<ChosenDelivery> {
  const setting = lookUp(layers, 'delivery');
  if (!setting || setting.text === AUTO) return firstThatFits(layers, profile, values);
  const delivery = profile.deliveries.find(({ name }) => name === setting.text);
  const { source } = setting;
  if (!delivery) {
    const known = [...profile.deliveries.map(({ name }) => name), AUTO];
    return { ok: false, reason: { code: 'unknown-delivery', name: setting.text, source, known } };
  }
  const misfit = misfitOf({ delivery, layers, profile, values });
  // Who names a delivery is believed about a version that nobody can see.
  if (misfit && !(misfit.why === 'kubernetes' && misfit.found === undefined)) {
    return {
      ok: false,
      reason: claimReason(misfit) ?? { code: 'delivery-unfit', delivery: delivery.name, source, misfit },
    };
  }
  return { ok: true, value: { delivery, source, passedOver: [] } };
}

function firstThatFits(layers: Layers, profile: Profile, values: Values): Choice<ChosenDelivery> {
  const passedOver: PassedOver[] = [];
  const onlyBaked = profile.deliveries.every(({ type }) => type === 'baked');
  for (const delivery of profile.deliveries) {
    const isGuess = delivery.type === 'baked' && !onlyBaked;
    const misfit = isGuess ? NAMED_ONLY : misfitOf({ delivery, layers, profile, values });
    if (!misfit) return { ok: true, value: { delivery, source: undefined, passedOver } };
    passedOver.push({ delivery: delivery.name, misfit });
  }
  const claim = passedOver.map(({ misfit }) => claimReason(misfit)).find((reason) => reason !== undefined);
  return { ok: false, reason: claim ?? { code: 'no-fitting-delivery', profile: profile.name, passedOver } };
}

/** Of all misfits the one that a person will want to mend: the claim is what the profile asked for. */
function claimReason(misfit: Misfit): Reason | undefined {
  return misfit.why === 'claim' ? { code: 'claim-unusable', claim: misfit.claim, trouble: misfit.trouble } : undefined;
}
