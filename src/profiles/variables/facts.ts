import type { Profile } from '../profile.ts';
import { templateUses } from '../template-uses.ts';
import { parametersOf, parseTemplate } from '../template.ts';
import { isOptionalFact, type OptionalFact } from './optional-facts.ts';

const known = new WeakMap<Profile, ReadonlySet<OptionalFact>>();

/** The facts that the profile refers to, so that the others need not be found out. */
export function optionalFactsIn(profile: Profile): ReadonlySet<OptionalFact> {
  const facts = known.get(profile) ?? new Set(referencesIn(profile).filter(isOptionalFact));
  known.set(profile, facts);
  return facts;
}

function referencesIn(profile: Profile): readonly string[] {
  const defaults = [...profile.parameters.values()].map((one) => parseTemplate(String(one.default ?? '')));
  const templates = templateUses(profile, profile.environment).map(({ template }) => template);
  return [...templates, ...defaults].flatMap(parametersOf);
}
