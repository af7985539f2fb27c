import type { Fact, Parameter } from '../../api/profile/parameter.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { Profile } from '../../profiles/profile.ts';
import { levelsOfParameter } from '../../profiles/tenancy/policy.ts';
import { parametersOf, parseTemplate } from '../../profiles/template.ts';
import { allOf, type Cel, firstOf, perContainer, quoted } from '../cel.ts';
import { lookup, UNSET, valueFrom } from './lookups.ts';
import { builtinText } from './templates.ts';
import { acceptsValue } from './types.ts';

export interface ParameterSource {
  readonly profile: Profile;
  readonly catalogue: Catalogue;
  /** The values come from a ConfigMap, which is the parameter of the policy. */
  readonly fromConfigMap: boolean;
}

/** For each container, the value of each parameter. */
export function parameterValues(source: ParameterSource): Cel {
  const entries = [...source.profile.parameters.values()].map(
    (parameter) => `${quoted(parameter.name)}: ${valueOf(source, parameter)}`,
  );
  return perContainer(`{${['"": [""]', ...entries].join(', ')}}`);
}

function valueOf(source: ParameterSource, parameter: Parameter): Cel {
  const { profile, catalogue } = source;
  const { name } = parameter;
  const { levels } = levelsOfParameter(catalogue.tenancy, profile, parameter);
  const names = [`${name}.${profile.name}`, name];
  const facts = (rest: Cel): Cel =>
    (parameter.from ?? []).reduceRight((inner, fact) => factOr(profile, parameter, fact, inner), rest);
  const fallback = defaultOf(parameter);
  const otherwise = levels.includes('cluster') ? ofCluster(source, names, fallback) : fallback;
  return lookup({ names, levels, perContainer: true, facts, otherwise });
}

function ofCluster({ catalogue, fromConfigMap }: ParameterSource, names: readonly string[], rest: Cel): Cel {
  const text = names.map((name) => catalogue.defaults.get(name)).find((one) => one !== undefined);
  const fixed = text === undefined ? rest : valueFrom(quoted(text), 'cluster');
  if (!fromConfigMap) return fixed;
  return names.reduceRight(
    (inner, name) =>
      `has(params.data) && ${quoted(name)} in params.data ? ${valueFrom(`params.data[${quoted(name)}]`, 'cluster')} : (${inner})`,
    fixed,
  );
}

/** A label or an annotation in other words than ours counts only if it is a valid value. */
function factOr(profile: Profile, parameter: Parameter, fact: Fact, rest: Cel): Cel {
  const [map, key] =
    'label' in fact ? ['variables.podLabels', fact.label] : ['variables.podAnnotations', fact.annotation];
  const text = `${map}[${quoted(key)}]`;
  const isValid = acceptsValue(profile, parameter, text) ?? 'false';
  return firstOf([[allOf([`${quoted(key)} in ${map}`, `${text} != ""`, isValid]), valueFrom(text, 'pod')]], rest);
}

function defaultOf({ default: value }: Parameter): Cel {
  if (value === undefined) return UNSET;
  if (typeof value !== 'string') return valueFrom(quoted(String(value)), 'profile');
  const template = parseTemplate(value);
  const text = template.map((part) => (typeof part === 'string' ? quoted(part) : builtinText(part.parameter)));
  return valueFrom(text.length === 0 ? '""' : text.join(' + '), 'profile');
}

/** Why a container has no valid parameters: the first that is missing or not valid. */
export function parameterReasons(profile: Profile): readonly (readonly [condition: Cel, code: Cel])[] {
  const merged = new Set(
    profile.environment.flatMap(({ operation: { kind }, when }) =>
      kind === 'merge' ? (when?.parameter?.name ?? []) : [],
    ),
  );
  return [...profile.parameters.values()].flatMap((parameter): readonly (readonly [Cel, Cel])[] => {
    const value = `variables.parameters[i][${quoted(parameter.name)}]`;
    const isValid = merged.has(parameter.name) ? undefined : acceptsValue(profile, parameter, `${value}[0]`);
    return [
      ...(isValid === undefined
        ? [[`size(${value}) > 0`, quoted(`beyond-policy: parameter ${parameter.name} has a value`)] as const]
        : [[`size(${value}) > 0 && !(${isValid})`, '"invalid-value"'] as const]),
      ...(parameter.required ? [[`size(${value}) == 0`, '"missing-parameter"'] as const] : []),
    ];
  });
}

/** The facts of the defaults that have no expression. */
export function unknownFacts(profile: Profile): readonly string[] {
  return [...profile.parameters.values()].flatMap(({ default: value }) =>
    typeof value === 'string' ? parametersOf(parseTemplate(value)).filter((name) => builtinText(name) === '""') : [],
  );
}
