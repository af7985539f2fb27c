import type { Matcher, VariableMatcher } from '../api/profile/matcher.ts';
import { normalPath } from '../kubernetes/mount-path.ts';
import { dispatchMember, type MemberTable } from '../lib/dispatch.ts';
import { isGlob, MAX_IMAGE_LENGTH } from '../lib/glob.ts';
import { anyOf, allOf, type Cel, matchesGlobOf, quoted } from './cel.ts';

/** `environment`: a list of variables, each a list of its name, its text, and `r` if it is a reference. */
type Matching = MemberTable<Matcher, Cel, [environment: Cel]>;

const matching: Matching = {
  env: (matcher, environment) => `${environment}.exists(e, ${matchesVariable(matcher)})`,
  resultingEnv: (matcher, environment) => matching.env(matcher, environment),
  command: ({ contains }) =>
    `((has(c.command) ? c.command : []) + (has(c.args) ? c.args : [])).join(" ").contains(${quoted(contains)})`,
  image: (glob) => `has(c.image) && size(c.image) <= ${MAX_IMAGE_LENGTH} && ${matchesGlobOf(glob, 'c.image')}`,
  containerName: (glob) => matchesGlobOf(glob, 'c.name'),
  volume: (name) => `variables.volumes.exists(v, v.name == ${quoted(name)})`,
  mount: (path) => `variables.taken[i].exists(t, t[3] == "files" && ${isWithin('t[0]', normalPath(path))})`,
};

/** Whether the matcher matches the container `c` at `i`. */
export function matches(matcher: Matcher, environment: Cel): Cel {
  return dispatchMember(matching, matcher, environment);
}

export function matchesAll(matchers: readonly Matcher[], environment: Cel): Cel {
  return allOf(matchers.map((matcher) => matches(matcher, environment)));
}

export function matchesAny(matchers: readonly Matcher[], environment: Cel): Cel {
  return anyOf(matchers.map((matcher) => matches(matcher, environment)));
}

export function isWithin(path: Cel, parent: string): Cel {
  return `${path} == ${quoted(parent)} || ${path}.startsWith(${quoted(parent === '/' ? '/' : `${parent}/`)})`;
}

function matchesVariable({ name, equals, contains }: VariableMatcher): Cel {
  const names = typeof name === 'string' ? [name] : name;
  const plain = names.filter((one) => !isGlob(one));
  const isNamed = anyOf([
    ...(plain.length === 0 ? [] : [`e[0] in [${plain.map(quoted).join(', ')}]`]),
    ...names.filter(isGlob).map((one) => matchesGlobOf(one, 'e[0]')),
  ]);
  const isText = equals === undefined && contains === undefined ? [] : ['e[2] == ""'];
  return allOf([
    ...(contains === undefined ? [] : [`e[1].contains(${quoted(contains)})`]),
    ...(equals === undefined ? [] : [`e[1] == ${quoted(equals)}`]),
    ...isText,
    isNamed,
  ]);
}
