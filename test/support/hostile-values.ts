import type { Parameter } from '../../src/api/profile/parameter.ts';

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
  delivery: [MARK, 'hostPath', 'csi', 'image', 'initContainer', 'baked'],
  'init-position': [`before ${MARK}`, 'last', MARK],
  libc: ['musl', MARK],
  'env-from-keys': [MARK, 'none'],
  'exclude-owners': [MARK],
  'exclude-deliveries': [MARK],
  containers: [MARK, '*'],
};
