import type { Profile } from '../../profiles/profile.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import { parametersOf } from '../../profiles/template.ts';
import { templateUses } from '../../profiles/template-uses.ts';
import type { Reason } from '../../reasons/reason.ts';
import type { Parameters } from '../../settings/parameters.ts';

/** Reports the parameters that the pod sets, and that only other deliveries than the chosen one use. */
export function unusedParameters(profile: Profile, chosen: Delivery, parameters: Parameters): readonly Reason[] {
  const found: Reason[] = [];
  for (const [parameter, { source }] of parameters) {
    if (source.from !== 'pod' && source.from !== 'container') continue;
    const deliveries = deliveriesUsing(profile).get(parameter);
    if (!deliveries || deliveries.has(chosen)) continue;
    found.push({ code: 'parameter-unused', parameter, profile: profile.name, delivery: chosen.name, source });
  }
  return found;
}

const known = new WeakMap<Profile, ReadonlyMap<string, ReadonlySet<Delivery>>>();

/** For each parameter that nothing but deliveries uses, the deliveries that do. */
function deliveriesUsing(profile: Profile): ReadonlyMap<string, ReadonlySet<Delivery>> {
  const deliveries = known.get(profile) ?? findDeliveries(profile);
  known.set(profile, deliveries);
  return deliveries;
}

function findDeliveries(profile: Profile): ReadonlyMap<string, ReadonlySet<Delivery>> {
  const found = new Map<string, Set<Delivery>>();
  const elsewhere = new Set(profile.variants.map(({ from }) => from));
  for (const { when } of [...profile.environment, ...profile.writablePaths, ...profile.files, ...profile.objects])
    if (when?.parameter) elsewhere.add(when.parameter.name);
  for (const { path, template } of templateUses(profile, profile.environment)) {
    const [, list, index] = path;
    const delivery = list === 'deliveries' && typeof index === 'number' ? profile.deliveries[index] : undefined;
    for (const name of parametersOf(template)) {
      if (delivery) found.set(name, (found.get(name) ?? new Set()).add(delivery));
      else elsewhere.add(name);
    }
  }
  return new Map([...found].filter(([name]) => !elsewhere.has(name)));
}
