import type { Level } from '../../api/keys.ts';
import type { Parameter } from '../../api/profile/parameter.ts';
import { loadsCode, loadsCodeInFile } from './code-variables.ts';
import type { Profile } from '../profile.ts';
import { type Place, type TemplateUse, templateUses } from '../template-uses.ts';
import type { Template } from '../template.ts';

interface ClassRow {
  /** Who may set parameters of the class with `tenancy: strict`; undefined: every level. */
  readonly strict: readonly Level[] | undefined;
  readonly meaning: string;
}

/** What a parameter decides, as far as it matters who may. A parameter can have several classes: each must allow a level. */
export const parameterClasses = {
  image: {
    strict: ['cluster'],
    meaning:
      'Which image is pulled or mounted: the type `image`, and parts of an image or of an attribute for a CSI driver.',
  },
  nodePath: {
    strict: ['cluster'],
    meaning: 'Which directory of the node is mounted: parts of the path of a `hostPath`.',
  },
  secretName: {
    strict: ['cluster'],
    meaning:
      'Which Secret or ConfigMap is read: parts of the name or key in a `valueFrom`, of a pull secret, and of an object that is mounted.',
  },
  code: {
    strict: ['cluster'],
    meaning:
      'Which code is loaded: parts of the command of an init container, and text in a variable such as `LD_PRELOAD` or `JAVA_TOOL_OPTIONS` that is not the value of a `-D` property.',
  },
  claim: {
    strict: undefined,
    meaning: 'Which claim or which part of a volume is mounted: claim names, StorageClasses, `subPath`.',
  },
  address: {
    strict: undefined,
    meaning:
      'Where data is sent: the types `host`, `port` and `url`, and parameters, variables and keys of configuration files whose names end in a word such as `address`, `host` or `endpoint`.',
  },
  variables: {
    strict: undefined,
    meaning:
      'Which further variables the container gets: the type `variables`. Its values are of the class `address`, too, and can set no variable that loads code.',
  },
  other: { strict: undefined, meaning: 'Everything else: domain IDs, names, tags.' },
} as const satisfies Readonly<Record<string, ClassRow>>;

export type ParameterClass = keyof typeof parameterClasses;

const classOfPlace: { readonly [place in Exclude<Place, 'value' | 'file'>]: ParameterClass } = {
  reference: 'secretName',
  image: 'image',
  driver: 'image',
  command: 'code',
  nodePath: 'nodePath',
  pullSecret: 'secretName',
  claim: 'claim',
  subPath: 'claim',
};

const ADDRESS_NAME = /(^|[-_.])(address|addr|host|port|url|uri|endpoint|server|proxy)s?$/i;

/** The name before the text of a user: `server_address = `, `-Dagent.host=`. */
const NAME_BEFORE = /([\w.-]+)[ \t]*[=:][ \t]*$/;

const ADDRESS_TYPES: ReadonlySet<Parameter['type']> = new Set(['host', 'port', 'url']);

/** Types whose values the profile lists, or that are numbers: a tenant cannot write a word with them. */
const CLOSED_TYPES: ReadonlySet<Parameter['type']> = new Set(['enum', 'boolean', 'integer', 'port']);

const known = new WeakMap<Profile, ReadonlyMap<string, readonly ParameterClass[]>>();

/** The classes of a parameter: from every use in the profile, and from its type and name. Never empty. */
export function classesOf(profile: Profile, parameter: Parameter): readonly ParameterClass[] {
  const classes = known.get(profile) ?? classesIn(profile);
  known.set(profile, classes);
  return classes.get(parameter.name) ?? ['other'];
}

function classesIn(profile: Profile): ReadonlyMap<string, readonly ParameterClass[]> {
  const uses = [...templateUses(profile, profile.environment), ...mergedUses(profile)];
  return new Map(
    [...profile.parameters.values()].map((parameter) => {
      const found = new Set([...byDeclaration(parameter), ...uses.flatMap((use) => byUse(use, parameter))]);
      return [parameter.name, found.size === 0 ? ['other' as const] : [...found]] as const;
    }),
  );
}

/** The parameters whose assignments are merged into a variable: each decides what a text there would. */
function mergedUses({ environment }: Profile): readonly TemplateUse[] {
  return environment.flatMap(({ name, operation: { value } }, index): readonly TemplateUse[] =>
    'pairs' in value && 'parameter' in value.pairs
      ? [{ path: ['spec', 'environment', index], template: [value.pairs], place: 'value', variable: name }]
      : [],
  );
}

function byDeclaration({ name, type }: Parameter): readonly ParameterClass[] {
  if (type === 'image') return ['image'];
  if (type === 'variables') return ['variables', 'address'];
  return ADDRESS_TYPES.has(type) || ADDRESS_NAME.test(name) ? ['address'] : [];
}

function byUse({ place, variable = '', template }: TemplateUse, { name, type }: Parameter): readonly ParameterClass[] {
  const before = literalsBefore(template, name);
  if (before.length === 0) return [];
  if (place === 'value' || place === 'file') {
    const isCode = before.some((text) => (place === 'file' ? loadsCodeInFile(text) : loadsCode(variable, text)));
    const names = [variable, ...before.map((text) => NAME_BEFORE.exec(text)?.[1] ?? '')];
    return [
      ...(isCode && !CLOSED_TYPES.has(type) ? ['code' as const] : []),
      ...(names.some((one) => ADDRESS_NAME.test(one)) ? ['address' as const] : []),
    ];
  }
  return CLOSED_TYPES.has(type) ? [] : [classOfPlace[place]];
}

/** For each use of the parameter in the template, the text before it; other parameters in it count as a letter. */
function literalsBefore(template: Template, name: string): readonly string[] {
  return template.flatMap((part, index) =>
    typeof part === 'string' || part.parameter !== name
      ? []
      : [
          template
            .slice(0, index)
            .map((one) => (typeof one === 'string' ? one : 'x'))
            .join(''),
        ],
  );
}
