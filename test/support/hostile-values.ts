import type { Parameter } from '../../src/api/profile/parameter.ts';
import { accepts } from '../../src/profiles/parameter.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { classesOf, type ParameterClass, parameterClasses } from '../../src/profiles/tenancy/parameter-class.ts';

/** Stands in every hostile value that could be text of an attacker. */
export const MARK = 'evil';

const byType: { readonly [type in Parameter['type']]: readonly string[] } = {
  string: [`${MARK} -javaagent:/${MARK}.jar $(${MARK}) \${${MARK}}`, `"; ${MARK}`],
  word: [`/${MARK}/a.so`, `-javaagent:/${MARK}.jar`],
  host: [`${MARK}.example.com`],
  url: [`http://${MARK}.example.com/`],
  objectName: [`${MARK}-object`],
  image: [`${MARK}.example.com/x:1`],
  version: [`${MARK}-1.2`],
  path: [`/${MARK}`],
  boolean: ['true', 'false'],
  port: ['6666'],
  integer: ['6666'],
  enum: [],
  assignments: [`${MARK}=1,a=${MARK}`],
  variables: [`LD_PRELOAD=/${MARK}.so`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://${MARK}.example.com/`],
};

/** Not valid for most types. Some were: an address that the URL parser ends early, a path that climbs. */
const RAW = [
  `::1]/ -javaagent:/${MARK}.jar [`,
  `::1]:80/${MARK}?[`,
  `/opt/../${MARK}`,
  `../../${MARK}`,
  `$(${MARK})`,
  `a\n${MARK}: 1`,
  MARK,
];

export function hostileValues({ type }: Parameter): readonly string[] {
  return [...byType[type], ...RAW];
}

export const hostileSettings: Readonly<Record<string, readonly string[]>> = {
  delivery: [MARK, 'hostPath', 'csi', 'image', 'initContainer', 'preinstalled'],
  'init-position': [`before ${MARK}`, 'last', MARK],
  libc: ['musl', MARK],
  'env-from-keys': [MARK, 'none'],
  'exclude-owners': [MARK],
  'exclude-deliveries': [MARK],
  'image-volumes': ['on', MARK],
  suspended: [MARK, 'true'],
  canary: [MARK, '0'],
  'canary-version': [MARK, '100'],
  containers: [MARK, '*'],
  'auto-profiles': [MARK, 'none'],
};

/** A hostile value for each of these parameters that accepts one. */
export function hostileSettingsFor(parameters: Iterable<Parameter>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...parameters].flatMap((parameter) => {
      const value = hostileValues(parameter).find((text) => accepts(parameter, text));
      return value === undefined ? [] : [[parameter.name, value]];
    }),
  );
}

/** The delivery that uses parameters of the class; undefined if any does. */
const deliveryFor: { readonly [name in ParameterClass]?: string } = {
  image: 'image',
  nodePath: 'hostPath',
  claim: 'persistentVolumeClaim',
};

export interface HostileClass {
  readonly name: ParameterClass;
  readonly settings: Readonly<Record<string, string>>;
}

/** Hostile values for the parameters of each class that the profile has, with the delivery that uses them. */
export function hostileClassesOf(profile: Profile): readonly HostileClass[] {
  // Object.keys gives string[]; these are exactly the keys of the table.
  const names = Object.keys(parameterClasses) as ParameterClass[];
  return names.flatMap((name) => {
    const parameters = [...profile.parameters.values()].filter((one) => classesOf(profile, one).includes(name));
    const settings = hostileSettingsFor(parameters);
    const delivery = deliveryFor[name];
    return Object.keys(settings).length === 0
      ? []
      : [{ name, settings: { ...settings, ...(delivery && { delivery }) } }];
  });
}
