import { settingNames } from '../api/keys.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import type { Spec } from '../api/profile/profile.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { type Delivery, templatesIn } from './delivery.ts';
import { type EnvironmentEntry, templatesOf } from './environment.ts';
import { accepts, expectation } from './parameter.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';
import { builtinNames, parametersOf, type Template } from './template.ts';

/** What is wrong between the parts of a profile: names that lead nowhere, names that stand twice, defaults that are no values. */
export function problemsIn(spec: Spec, profile: Profile, environment: readonly EnvironmentEntry[]): readonly Problem[] {
  return [
    ...problemsOfParameters(spec),
    ...problemsOfVariants(profile),
    ...problemsOfReferences(profile, environment),
    ...problemsOfConditions(spec, profile),
    ...problemsOfNames(spec, profile),
    ...problemsOfEnvironmentNames(environment),
    ...problemsOfMounts(spec, profile),
  ];
}

function problemsOfParameters(spec: Spec): readonly Problem[] {
  return spec.parameters.flatMap((parameter, index) => {
    const path = ['spec', 'parameters', index];
    const problems: Problem[] = [];
    if (settingNames.includes(parameter.name)) {
      problems.push({ path: [...path, 'name'], message: `"${parameter.name}" is a setting of agent-injector itself` });
    }
    const { default: value } = parameter;
    const isComputed = typeof value === 'string' && value.includes('${');
    if (value !== undefined && !isComputed && !accepts(parameter, String(value))) {
      problems.push({ path: [...path, 'default'], message: `must be ${expectation(parameter)}` });
    }
    for (const name of parameter.unique?.within ?? []) {
      if (spec.parameters.some((other) => other.name === name)) continue;
      problems.push({ path: [...path, 'unique', 'within'], message: `there is no parameter "${name}"` });
    }
    return problems;
  });
}

function problemsOfVariants(profile: Profile): readonly Problem[] {
  return profile.variants.flatMap(({ name, by, values }, index) => {
    const at = ['spec', 'variants', index];
    const known = domainOf(profile, by);
    if (!known)
      return [
        { path: [...at, 'by'], message: `"${by}" is neither libc, arch nor a parameter of type enum or boolean` },
      ];
    const missing = known.filter((value) => !values.has(value));
    return [
      ...(profile.parameters.has(name) ? [{ path: [...at, 'name'], message: `"${name}" is a parameter, too` }] : []),
      ...missing.map((value) => ({ path: [...at, 'values'], message: `has nothing for ${by} "${value}"` })),
      ...(mayLack(profile.parameters.get(by))
        ? [
            {
              path: [...at, 'by'],
              message: `"${by}" is neither required nor has a default: then "${name}" would be empty`,
            },
          ]
        : []),
    ];
  });
}

function mayLack(parameter: Parameter | undefined): boolean {
  return parameter !== undefined && !parameter.required && parameter.default === undefined;
}

/** All values that a variant must have an answer for; undefined when a variant cannot follow from it. */
function domainOf(profile: Profile, by: string): readonly string[] | undefined {
  if (by === 'libc') return profile.constraints.libc ?? ['glibc', 'musl'];
  if (by === 'arch') return profile.constraints.arch ?? ['amd64', 'arm64'];
  const parameter = profile.parameters.get(by);
  if (parameter?.type === 'enum') return parameter.values;
  return parameter?.type === 'boolean' ? ['true', 'false'] : undefined;
}

/** A place in a profile where a template stands. */
export interface Place {
  readonly path: readonly PropertyKey[];
  readonly template: Template;
  /** Whether the part is left out, or the delivery does not fit, while a parameter has no value. */
  readonly optional?: boolean;
  /** Names of parameters whose value the part's own condition asks for. */
  readonly given?: string | undefined;
  /** The types that a parameter here may not have, and why. */
  readonly forbidden?: { readonly types: readonly Parameter['type'][]; readonly why: string };
}

const inList = {
  types: ['string'] as const,
  why: 'a blank or a quote in its value would break the list: use type word',
};

const notSafe = (types: readonly Parameter['type'][]): NonNullable<Place['forbidden']> => ({
  types,
  why: 'what a tenant says could become any image or directory: use type image, version or path',
});

const LOOSE: readonly Parameter['type'][] = ['string', 'word', 'url'];

const nameOnly: NonNullable<Place['forbidden']> = {
  types: [...LOOSE, 'path', 'image'],
  why: 'the API server would refuse the pod for a value that is no name: use type objectName or version',
};

/** Every template of a profile, with its place: as in the document, if the environment is given in its order. */
export function placesIn(profile: Profile, environment: readonly EnvironmentEntry[]): readonly Place[] {
  return [
    ...environment.flatMap(({ operation, when }, index) =>
      templatesOf(operation.value).map((template): Place => {
        const given = when?.if === 'parameter' ? when.name : undefined;
        const isList = operation.kind !== 'set' && operation.kind !== 'force';
        return {
          path: ['spec', 'environment', index, 'text' in operation.value ? 'value' : 'valueFrom'],
          template,
          given,
          ...(isList && { forbidden: inList }),
          ...(!('text' in operation.value) && { forbidden: nameOnly }),
        };
      }),
    ),
    ...profile.files.map(({ content, when }, index): Place => ({
      path: ['spec', 'files', index, 'content'],
      template: content,
      given: when?.if === 'parameter' ? when.name : undefined,
    })),
    ...profile.deliveries.flatMap(placesInDelivery),
    ...profile.mounts.flatMap(({ subPath }, index): Place[] =>
      subPath
        ? [
            {
              path: ['spec', 'mounts', index, 'subPath'],
              template: subPath,
              optional: true,
              forbidden: notSafe(LOOSE),
            },
          ]
        : [],
    ),
  ];
}

/** Whether what stands in the field decides which files, of whom, are run. */
function decides(field: string): boolean {
  return field === 'image' || field === 'path' || field.startsWith('command');
}

/** The fields that must be names of objects. */
const NAMES = new Set(['claimName', 'pullSecret', 'storageClassName']);

function placesInDelivery(delivery: Delivery, index: number): readonly Place[] {
  const at = ['spec', 'deliveries', index];
  const secret = delivery.pullSecret ? [['pullSecret', delivery.pullSecret] as const] : [];
  return [
    ...[...templatesIn(delivery), ...secret].map(([field, template]): Place => ({
      path: [...at, ...fieldPath(field)],
      template,
      optional: true,
      ...(decides(field) && { forbidden: notSafe(LOOSE) }),
      ...(NAMES.has(field) && { forbidden: nameOnly }),
    })),
    ...(delivery.subPath
      ? [{ path: [...at, 'subPath'], template: delivery.subPath, optional: true, forbidden: notSafe(LOOSE) }]
      : []),
  ];
}

function fieldPath(field: string): readonly PropertyKey[] {
  const match = /^(\w+)(?:\[(\d+)\]|\.(.+))$/.exec(field);
  if (!match) return [field];
  return [match[1] ?? '', match[2] === undefined ? (match[3] ?? '') : Number(match[2])];
}

function problemsOfReferences(profile: Profile, environment: readonly EnvironmentEntry[]): readonly Problem[] {
  const others = new Set<string>([...builtinNames, ...profile.variants.map(({ name }) => name)]);
  const names = [...profile.parameters.keys(), ...others];
  return placesIn(profile, environment).flatMap(({ path, template, optional, given, forbidden }) =>
    parametersOf(template).flatMap((name) => {
      if (others.has(name)) return [];
      const parameter = profile.parameters.get(name);
      if (!parameter) {
        return [
          {
            path,
            message: `refers to "${name}", which is no parameter of this profile${didYouMean(nearest(name, names))}`,
          },
        ];
      }
      if (forbidden?.types.includes(parameter.type))
        return [{ path, message: `refers to "${name}": ${forbidden.why}` }];
      const valued = !mayLack(parameter) || optional === true || given === name;
      return valued ? [] : [{ path, message: `refers to "${name}", which is neither required nor has a default` }];
    }),
  );
}

function problemsOfConditions(spec: Spec, profile: Profile): readonly Problem[] {
  return [
    ...spec.environment.map((entry, index) => ({ at: ['spec', 'environment', index], when: entry.when })),
    ...spec.writable.map((entry, index) => ({ at: ['spec', 'writable', index], when: entry.when })),
    ...spec.files.map((entry, index) => ({ at: ['spec', 'files', index], when: entry.when })),
  ].flatMap(({ at, when }) => {
    if (when?.if !== 'parameter' || profile.parameters.has(when.name)) return [];
    const meant = didYouMean(nearest(when.name, profile.parameters.keys()));
    return [{ path: [...at, 'when', 'name'], message: `"${when.name}" is no parameter of this profile${meant}` }];
  });
}

function problemsOfNames(spec: Spec, profile: Profile): readonly Problem[] {
  const named = {
    parameters: spec.parameters.map(({ name }) => name),
    variants: spec.variants.map(({ name }) => name),
    deliveries: profile.deliveries.map(({ name }) => name),
    mounts: spec.mounts.map(({ path }) => path),
    writable: spec.writable.map(({ path }) => path),
    files: spec.files.map(({ path }) => path),
    advisories: spec.advisories.map(({ code }) => code),
    conflicts: spec.conflicts.map(({ code }) => code),
    tests: spec.tests.map(({ name }) => name),
  };
  return [
    ...Object.entries(named).flatMap(([list, names]) => twice(['spec', list], names)),
    ...profile.deliveries.flatMap(({ name }, index) =>
      name === 'auto'
        ? [{ path: ['spec', 'deliveries', index, 'name'], message: '"auto" means the first one that fits' }]
        : [],
    ),
  ];
}

function twice(path: readonly PropertyKey[], names: readonly string[]): readonly Problem[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [{ path: [...path, index], message: `"${name}" stands here a second time` }] : [],
  );
}

function separatorOf({ operation }: EnvironmentEntry): string | undefined {
  return operation.kind === 'append' || operation.kind === 'prepend' ? operation.separator : undefined;
}

/** A variable may have several entries only when each adds to one list. */
function problemsOfEnvironmentNames(environment: readonly EnvironmentEntry[]): readonly Problem[] {
  return environment.flatMap((entry, index) => {
    const earlier = environment.slice(0, index).find((one) => one.name === entry.name);
    if (!earlier) return [];
    const fits = separatorOf(entry) !== undefined && separatorOf(entry) === separatorOf(earlier);
    const message = `"${entry.name}" stands here a second time; only append and prepend with one separator may share a variable`;
    return fits ? [] : [{ path: ['spec', 'environment', index], message }];
  });
}

function problemsOfMounts(spec: Spec, profile: Profile): readonly Problem[] {
  const hasFiles = profile.deliveries.some(({ type }) => type !== 'baked');
  return hasFiles && spec.mounts.length === 0
    ? [{ path: ['spec', 'mounts'], message: 'must say where the files that are delivered are mounted' }]
    : [];
}
