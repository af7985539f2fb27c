import type { Parameter } from '../../api/profile/parameter.ts';
import { accepts, expectation } from '../parameter.ts';
import type { Profile } from '../profile.ts';
import { parametersOf, splitTemplate, type Template } from '../template.ts';
import { templatesOf } from '../environment.ts';
import { overridableIn, variablesFrom } from './further.ts';

const known = new WeakMap<Profile, ReadonlyMap<string, readonly string[]>>();

/**
 * What a value of the parameter must not contain: the separators of the lists in which it is a part of an item. Another item would begin there, and an
 * agent may drop the whole list for an item that it cannot read.
 */
export function separatorsFor(profile: Profile, { name }: Parameter): readonly string[] {
  const separators = known.get(profile) ?? separatorsIn(profile);
  known.set(profile, separators);
  return separators.get(name) ?? [];
}

function separatorsIn(profile: Profile): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const { operation } of profile.environment) {
    if (!('separator' in operation)) continue;
    const { separator, value } = operation;
    for (const name of templatesOf(value).flatMap((template) => partsWithin(template, separator))) {
      const texts = found.get(name) ?? new Set();
      texts.add(separator);
      if ('assignment' in operation) texts.add(operation.assignment);
      found.set(name, texts);
    }
  }
  return new Map([...found].map(([name, texts]) => [name, [...texts]] as const));
}

/** The parameters that are a part of an item. One that is a whole item may be a list itself, such as labels. */
function partsWithin(template: Template, separator: string): readonly string[] {
  return splitTemplate(template, separator).flatMap((item) => {
    const parts = item.filter((part) => part !== '');
    return parts.length === 1 ? [] : parametersOf(item);
  });
}

/** True if the parameter of this profile can have the value: by its type, and by what the profile makes of it. */
export function acceptsIn(profile: Profile, parameter: Parameter, text: string): boolean {
  if (!accepts(parameter, text)) return false;
  if (parameter.type !== 'variables')
    return !separatorsFor(profile, parameter).some((separator) => text.includes(separator));
  const overridable = overridableIn(profile);
  return [...variablesFrom(text).keys()].every((name) => overridable.get(name) !== false);
}

/** A description of the values of the parameter in this profile that follows "must be". */
export function expectationIn(profile: Profile, parameter: Parameter): string {
  const expected = expectation(parameter);
  if (parameter.type === 'variables') return `${expected}, and none that another parameter is for`;
  const separators = separatorsFor(profile, parameter).filter((one) => one.trim() !== '');
  return separators.length === 0
    ? expected
    : `${expected}, without ${separators.map((one) => `"${one}"`).join(' and ')}`;
}
