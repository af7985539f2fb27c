import type { Parameter } from '../api/profile/parameter.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { type Delivery, requiredTemplates } from './delivery.ts';
import { type EnvironmentEntry, templatesOf } from './environment.ts';
import { mayBeUnset } from './parameter.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';
import { builtinNames, parametersOf, type Template } from './template.ts';
import { isOptionalFact, optionalFacts } from './variables/optional-facts.ts';

export interface TemplateUse {
  readonly path: readonly PropertyKey[];
  readonly template: Template;
  readonly place: Place;
  /** The variable that the template is the value of. */
  readonly variable?: string;
  /** While a parameter has no value, the part is left out, or the delivery is not possible. */
  readonly optional?: boolean;
  readonly given?: string | undefined;
  readonly forbidden?: ForbiddenTypes;
  /** Assignments, of which those with a missing value are left out. */
  readonly isMerged?: boolean;
}

/** What the text of a template decides. */
export type Place =
  | 'value'
  | 'reference'
  | 'file'
  | 'image'
  | 'command'
  | 'nodePath'
  | 'pullSecret'
  | 'claim'
  | 'driver'
  | 'subPath';

interface ForbiddenTypes {
  readonly types: readonly Parameter['type'][];
  readonly why: string;
}

const IN_LIST: ForbiddenTypes = {
  types: ['string'],
  why: 'a space or quote in its value would break the list: use type word',
};

/** Such a value is not a text: the profile says elsewhere what is made of it. */
const LISTS: ForbiddenTypes = {
  types: ['assignments', 'variables'],
  why: 'it cannot be a part of a text (assignments are merged by `parameter`, and variables are added by themselves)',
};

const ANY_TEXT: readonly Parameter['type'][] = ['string', 'word', 'url'];

const IMAGE_OR_PATH: ForbiddenTypes = {
  types: ANY_TEXT,
  why: 'a tenant could choose any image or directory with it: use type image, version or path',
};

const OBJECT_NAME: ForbiddenTypes = {
  types: [...ANY_TEXT, 'path', 'image'],
  why: 'the API server rejects the pod if its value is not a valid name: use type objectName or version',
};

/** All templates of a profile. The paths are those of the document, if the environment is given in its order. */
export function templateUses(profile: Profile, environment: readonly EnvironmentEntry[]): readonly TemplateUse[] {
  return [
    ...environment.flatMap(usesInEntry),
    ...profile.files.map(({ content, when }, index): TemplateUse => ({
      path: ['spec', 'files', index, 'content'],
      template: content,
      place: 'file',
      given: when?.parameter?.name,
    })),
    ...profile.objects.map(({ kind, name, when }, index): TemplateUse => ({
      path: ['spec', 'objects', index, kind],
      template: name,
      ...(kind === 'hostPath'
        ? { place: 'nodePath', forbidden: IMAGE_OR_PATH }
        : { place: 'reference', forbidden: OBJECT_NAME }),
      given: when?.parameter?.name,
    })),
    ...profile.deliveries.flatMap(usesInDelivery),
    ...profile.mounts.flatMap(({ subPath }, index) => usesInSubPath(['spec', 'mounts', index], subPath)),
  ];
}

function usesInEntry({ name, operation, when }: EnvironmentEntry, index: number): readonly TemplateUse[] {
  const isText = 'text' in operation.value;
  const isList = operation.kind !== 'set' && operation.kind !== 'force';
  return templatesOf(operation.value).map((template) => ({
    path: ['spec', 'environment', index, isText ? 'value' : 'valueFrom'],
    template,
    place: isText ? 'value' : 'reference',
    variable: name,
    given: when?.parameter?.name,
    ...(isList && { forbidden: IN_LIST }),
    ...(!isText && { forbidden: OBJECT_NAME }),
    ...(operation.kind === 'merge' && { isMerged: true, optional: true }),
  }));
}

function usesInDelivery(delivery: Delivery, index: number): readonly TemplateUse[] {
  const path = ['spec', 'deliveries', index, delivery.kind];
  const secret = delivery.pullSecret ? [['pullSecret', delivery.pullSecret] as const] : [];
  return [
    ...[...requiredTemplates(delivery), ...secret].map(([field, template]): TemplateUse => {
      const place = placeOf(field);
      const forbidden = forbiddenIn(place, field);
      return { path: [...path, ...fieldPath(field)], template, place, optional: true, ...(forbidden && { forbidden }) };
    }),
    ...usesInSubPath(path, delivery.subPath),
  ];
}

function usesInSubPath(path: readonly PropertyKey[], template: Template | undefined): readonly TemplateUse[] {
  return template
    ? [{ path: [...path, 'subPath'], template, place: 'subPath', optional: true, forbidden: IMAGE_OR_PATH }]
    : [];
}

const places: Readonly<Record<string, Place>> = {
  image: 'image',
  reference: 'image',
  path: 'nodePath',
  claimName: 'claim',
  storageClassName: 'claim',
  pullSecret: 'pullSecret',
};

function placeOf(field: string): Place {
  return places[field] ?? (field.startsWith('command') ? 'command' : 'driver');
}

/** Attributes by which CSI drivers are told what to mount (image.csi.k8s.io, k8s.csi.datadoghq.com, drivers for directories of a node). */
const MOUNTED_BY_DRIVER = /image|registry|repository|digest|path|directory/i;

function forbiddenIn(place: Place, field: string): ForbiddenTypes | undefined {
  if (place === 'driver') return MOUNTED_BY_DRIVER.test(field) ? IMAGE_OR_PATH : undefined;
  return place === 'claim' || place === 'pullSecret' ? OBJECT_NAME : IMAGE_OR_PATH;
}

function fieldPath(field: string): readonly PropertyKey[] {
  const match = /^(\w+)(?:\[(\d+)\]|\.(.+))$/.exec(field);
  if (!match) return [field];
  return [match[1] ?? '', match[2] === undefined ? (match[3] ?? '') : Number(match[2])];
}

/** Templates that refer to nothing, to a parameter that may be unset, or to one whose type is not safe there. */
export function problemsOfTemplates(profile: Profile, environment: readonly EnvironmentEntry[]): readonly Problem[] {
  const alwaysSet = new Set<string>([...builtinNames, ...profile.variants.map(({ name }) => name)]);
  const known = [...profile.parameters.keys(), ...alwaysSet, ...optionalFacts];
  return templateUses(profile, environment).flatMap((use) =>
    parametersOf(use.template).flatMap((name) => {
      if (alwaysSet.has(name) || (isOptionalFact(name) && use.isMerged === true)) return [];
      if (isOptionalFact(name)) return [{ path: use.path, message: `refers to "${name}", ${ONLY_MERGED}` }];
      const parameter = profile.parameters.get(name);
      const message = parameter
        ? problemOfUse(use, parameter)
        : `refers to the unknown parameter "${name}"${didYouMean(nearest(name, known))}`;
      return message === undefined ? [] : [{ path: use.path, message }];
    }),
  );
}

const ONLY_MERGED =
  'which not every pod has: only an assignment that is merged can be left out, or the default of a parameter';

function problemOfUse({ place, forbidden, optional, given }: TemplateUse, parameter: Parameter): string | undefined {
  const { name, type } = parameter;
  const wrong = [forbidden, LISTS].find((one) => one?.types.includes(type));
  if (wrong) return `refers to "${name}", which has type ${type}: ${wrong.why}`;
  if (place !== 'value' && 'references' in parameter && parameter.references)
    return `refers to "${name}", whose value may refer to variables: only values of variables can`;
  if (!mayBeUnset(parameter) || optional === true || given === name) return undefined;
  return `refers to "${name}", which is not required and has no default: make it required, give it a default, or add when: {if: parameter, name: ${name}}`;
}
