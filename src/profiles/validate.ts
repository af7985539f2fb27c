import { settingNames } from '../api/key-table.ts';
import { AUTO, LIBCS } from '../api/keys.ts';
import type { Matcher } from '../api/profile/matcher.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import type { Spec } from '../api/profile/profile.ts';
import { referencesIn } from '../kubernetes/env-expansion.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import type { EnvironmentEntry } from './environment.ts';
import { mayBeUnset } from './parameter.ts';
import type { Problem } from './problem.ts';
import type { Profile, Variant } from './profile.ts';
import { problemsOfTemplates } from './template-uses.ts';
import { isCodeVariable } from './tenancy/code-variables.ts';
import { builtinNames, parametersOf, parseTemplate } from './template.ts';
import { acceptsIn, expectationIn } from './variables/list-values.ts';
import { optionalFacts } from './variables/optional-facts.ts';

/** The errors between the parts of a spec: unknown names, duplicate names, invalid defaults. `environment` is in the order of the document. */
export function validate(spec: Spec, profile: Profile, environment: readonly EnvironmentEntry[]): readonly Problem[] {
  return [
    ...problemsOfParameters(spec, profile),
    ...problemsOfCanary(spec, profile),
    ...profile.variants.flatMap((variant, index) => problemsOfVariant(profile, variant, ['spec', 'variants', index])),
    ...problemsOfTemplates(profile, environment),
    ...problemsOfConditions(spec, profile),
    ...problemsOfNames(spec, profile),
    ...problemsOfPaths(spec),
    ...problemsOfVariables(environment),
    ...problemsOfMergedParameters(profile, environment),
    ...problemsOfMatchers(spec),
    ...problemsOfMounts(spec, profile),
  ];
}

function problemsOfParameters(spec: Spec, profile: Profile): readonly Problem[] {
  return spec.parameters.flatMap((parameter, index) => {
    const path = ['spec', 'parameters', index];
    const problems: Problem[] = [];
    if (settingNames.includes(parameter.name)) {
      problems.push({ path: [...path, 'name'], message: `"${parameter.name}" is the name of a built-in setting` });
    }
    const problem = problemOfDefault(parameter, profile);
    if (problem !== undefined) problems.push({ path: [...path, 'default'], message: problem });
    for (const name of parameter.unique?.within ?? []) {
      if (spec.parameters.some((other) => other.name === name)) continue;
      problems.push({ path: [...path, 'unique', 'within'], message: `unknown parameter "${name}"` });
    }
    return problems;
  });
}

function problemsOfCanary({ canary, parameters }: Spec, profile: Profile): readonly Problem[] {
  const path = ['spec', 'canary', 'version', 'values'];
  return Object.entries(canary?.version?.values ?? {}).flatMap(([name, value]): readonly Problem[] => {
    const parameter = parameters.find((one) => one.name === name);
    const names = parameters.map((one) => one.name);
    if (!parameter)
      return [{ path: [...path, name], message: `unknown parameter "${name}"${didYouMean(nearest(name, names))}` }];
    const isComputed = typeof value === 'string' && value.includes('${');
    if (isComputed || acceptsIn(profile, parameter, String(value))) return [];
    return [{ path: [...path, name], message: `must be ${expectationIn(profile, parameter)}` }];
  });
}

const FACTS: readonly string[] = [...builtinNames, ...optionalFacts];

function problemOfDefault(parameter: Parameter, profile: Profile): string | undefined {
  const { default: value } = parameter;
  if (value === undefined) return undefined;
  const text = String(value);
  const unknown = parametersOf(parseTemplate(text)).find((name) => !FACTS.includes(name));
  if (unknown !== undefined)
    return `refers to "${unknown}", which is not a fact of the pod${didYouMean(nearest(unknown, FACTS))}`;
  const references = 'references' in parameter ? (parameter.references ?? []) : [];
  const literal = referencesIn(text).find((name) => !references.includes(name));
  if (literal !== undefined)
    return `$(${literal}) in a default is plain text for the app: write it into a variant, or into the value of the variable`;
  return text.includes('${') || acceptsIn(profile, parameter, text)
    ? undefined
    : `must be ${expectationIn(profile, parameter)}`;
}

function problemsOfVariant(
  profile: Profile,
  { name, from, values }: Variant,
  path: readonly PropertyKey[],
): readonly Problem[] {
  const domain = domainOf(profile, from);
  if (!domain)
    return [
      { path: [...path, 'from'], message: `"${from}" is not libc, arch, or a parameter of type enum or boolean` },
    ];
  const problems: Problem[] = domain
    .filter((value) => !values.has(value))
    .map((value) => ({ path: [...path, 'values'], message: `has no value for ${from} "${value}"` }));
  if (profile.parameters.has(name))
    problems.unshift({ path: [...path, 'name'], message: `"${name}" is also the name of a parameter` });
  const parameter = profile.parameters.get(from);
  if (parameter && mayBeUnset(parameter)) {
    const message = `"${from}" may be unset, which would leave "${name}" empty: make it required, or give it a default`;
    problems.push({ path: [...path, 'from'], message });
  }
  return problems;
}

function domainOf(profile: Profile, from: string): readonly string[] | undefined {
  if (from === 'libc') return profile.constraints.libc ?? LIBCS;
  if (from === 'arch') return profile.constraints.arch ?? ['amd64', 'arm64'];
  const parameter = profile.parameters.get(from);
  if (parameter?.type === 'enum') return parameter.values;
  return parameter?.type === 'boolean' ? ['true', 'false'] : undefined;
}

function problemsOfConditions(spec: Spec, profile: Profile): readonly Problem[] {
  return (['environment', 'writablePaths', 'files', 'objects'] as const).flatMap((list) =>
    spec[list].flatMap(({ when }, index) => {
      const name = when?.parameter?.name;
      if (name === undefined || profile.parameters.has(name)) return [];
      const message = `unknown parameter "${name}"${didYouMean(nearest(name, profile.parameters.keys()))}`;
      return [{ path: ['spec', list, index, 'when', 'parameter', 'name'], message }];
    }),
  );
}

function problemsOfNames(spec: Spec, profile: Profile): readonly Problem[] {
  const named = {
    parameters: spec.parameters.map(({ name }) => name),
    variants: spec.variants.map(({ name }) => name),
    deliveries: profile.deliveries.map(({ name }) => name),
    mounts: spec.mounts.map(({ path }) => path),
    writablePaths: spec.writablePaths.map(({ path }) => path),
    files: spec.files.map(({ path }) => path),
    objects: spec.objects.map(({ path }) => path),
    advisories: spec.advisories.map(({ code }) => code),
    conflicts: spec.conflicts.map(({ code }) => code),
    tests: spec.tests.map(({ name }) => name),
  };
  return [
    ...Object.entries(named).flatMap(([list, names]) => duplicates(['spec', list], names)),
    ...profile.deliveries.flatMap(({ name }, index) =>
      name === AUTO
        ? [
            {
              path: ['spec', 'deliveries', index, 'name'],
              message: `"${AUTO}" is reserved: it means the first that is possible`,
            },
          ]
        : [],
    ),
  ];
}

const MOUNTED = ['mounts', 'writablePaths', 'files', 'objects'] as const;

/** A container can have only one mount at a path. Duplicates within a list are reported as such. */
function problemsOfPaths(spec: Spec): readonly Problem[] {
  return MOUNTED.flatMap((list, place) =>
    spec[list].flatMap(({ path }, index) => {
      const other = MOUNTED.slice(0, place).find((earlier) => spec[earlier].some((one) => one.path === path));
      if (!other) return [];
      return [{ path: ['spec', list, index, 'path'], message: `"${path}" is a path in ${other}, too` }];
    }),
  );
}

function duplicates(path: readonly PropertyKey[], names: readonly string[]): readonly Problem[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [{ path: [...path, index], message: `duplicate of "${name}"` }] : [],
  );
}

/** The form of the list that an entry adds to; undefined for an entry that sets a value. */
function listFormOf({ operation }: EnvironmentEntry): string | undefined {
  if (operation.kind === 'set' || operation.kind === 'force') return undefined;
  return JSON.stringify([operation.separator, 'assignment' in operation ? operation.assignment : null]);
}

/** Several entries may change one variable only if all of them add to the same list. */
function problemsOfVariables(environment: readonly EnvironmentEntry[]): readonly Problem[] {
  return environment.flatMap((entry, index) => {
    const earlier = environment.slice(0, index).find((one) => one.name === entry.name);
    const form = listFormOf(entry);
    if (!earlier || (form !== undefined && form === listFormOf(earlier))) return [];
    const message = `duplicate of "${entry.name}": only append and prepend with the same separator, or merge with the same separator and assignment, can share a variable`;
    return [{ path: ['spec', 'environment', index], message }];
  });
}

function problemsOfMergedParameters(profile: Profile, environment: readonly EnvironmentEntry[]): readonly Problem[] {
  return environment.flatMap(({ name: variable, operation: { value } }, index) => {
    if (!('pairs' in value)) return [];
    if ('prefix' in value.pairs) {
      // No level decides who may write these annotations.
      const message = `${variable} loads code: annotations of pods cannot add to it`;
      return isCodeVariable(variable) ? [{ path: ['spec', 'environment', index, 'annotations'], message }] : [];
    }
    const { parameter: name } = value.pairs;
    if (profile.parameters.get(name)?.type === 'assignments') return [];
    const message = `"${name}" is not a parameter of type assignments`;
    return [{ path: ['spec', 'environment', index, 'parameter'], message }];
  });
}

/** What a container has after the injection is known only once the injection is decided. */
function problemsOfMatchers({ conflicts, containers }: Spec): readonly Problem[] {
  const lists: readonly (readonly [readonly PropertyKey[], readonly Matcher[]])[] = [
    ...conflicts.map(({ match }, index) => [['spec', 'conflicts', index, 'match'], match] as const),
    [['spec', 'containers', 'include'], containers.include ?? []],
    [['spec', 'containers', 'exclude'], containers.exclude],
  ];
  return lists.flatMap(([path, match]) =>
    match.flatMap(({ resultingEnv }, index) =>
      resultingEnv
        ? [{ path: [...path, index, 'resultingEnv'], message: 'is for advisories: the decision cannot depend on it' }]
        : [],
    ),
  );
}

function problemsOfMounts(spec: Spec, profile: Profile): readonly Problem[] {
  const hasFiles = profile.deliveries.some(({ kind }) => kind !== 'preinstalled');
  return hasFiles && spec.mounts.length === 0
    ? [{ path: ['spec', 'mounts'], message: 'must have at least one entry, because a delivery provides files' }]
    : [];
}
