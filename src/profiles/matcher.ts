import { dispatchMember, type MemberTable } from '../lib/dispatch.ts';
import type { Matcher, VariableMatcher } from '../api/profile/matcher.ts';
import { isWithin, normalPath } from '../kubernetes/mount-path.ts';
import { type Container, type EnvVar, imageOf } from '../kubernetes/pod.ts';
import { isGlob, MAX_IMAGE_LENGTH, matchesGlob } from '../lib/glob.ts';
import type { Json } from '../lib/json.ts';

/**
 * A container, its variables as planned so far, and its pod's volumes, as matchers see them. There are hundreds of matchers, and a pod can have
 * thousands of containers, variables and volumes, so everything is indexed on first use.
 */
export class ContainerView {
  readonly container: Container;
  readonly environment: readonly EnvVar[];
  readonly volumes: ReadonlySet<string>;
  #byName: ReadonlyMap<string, EnvVar> | undefined;
  #values: string | undefined;
  #command: string | undefined;
  #mountPaths: readonly string[] | undefined;

  constructor(container: Container, environment: readonly EnvVar[], volumes: ReadonlySet<string>) {
    this.container = container;
    this.environment = environment;
    this.volumes = volumes;
  }

  /** The effective entry of a name: the last one, as in the kubelet. */
  variable(name: string): EnvVar | undefined {
    this.#byName ??= new Map(this.environment.map((entry) => [entry.name, entry]));
    return this.#byName.get(name);
  }

  /** All values, for a quick look before each is matched. */
  get values(): string {
    this.#values ??= this.environment.map(({ value }) => value ?? '').join('\n');
    return this.#values;
  }

  /** Command and arguments on one line, so that `-r some-agent` matches as one word or two. */
  get command(): string {
    this.#command ??= commandOf(this.container);
    return this.#command;
  }

  get mountPaths(): readonly string[] {
    this.#mountPaths ??= (this.container.volumeMounts ?? []).map(({ mountPath }) => normalPath(mountPath));
    return this.#mountPaths;
  }
}

const matchPart: MemberTable<Matcher, string | undefined, [view: ContainerView]> = {
  env: (matcher, view) => {
    const names = typeof matcher.name === 'string' ? [matcher.name] : matcher.name;
    for (const name of names) {
      const found = isGlob(name) ? matchingVariable(name, matcher, view) : view.variable(name);
      if (found && hasValue(found, matcher)) return found.name;
    }
    return undefined;
  },
  // The view of an advisory has the variables after the injection.
  resultingEnv: (matcher, view) => matchPart.env(matcher, view),
  command: ({ contains }, { command }) => (command.includes(contains) ? 'its command' : undefined),
  image: (glob, { container }) => (matchesGlob(glob, imageOf(container), MAX_IMAGE_LENGTH) ? 'its image' : undefined),
  containerName: (glob, { container }) => (matchesGlob(glob, container.name) ? 'its name' : undefined),
  volume: (name, { volumes }) => (volumes.has(name) ? `volume ${name}` : undefined),
  mount: (path, { mountPaths }) =>
    mountPaths.some((mounted) => isWithin(mounted, normalPath(path))) ? `mount ${path}` : undefined,
};

/** The longest name of a variable that a glob is tried on. */
const MAX_VARIABLE_LENGTH = 256;

function matchingVariable(glob: string, matcher: VariableMatcher, view: ContainerView): EnvVar | undefined {
  const { contains } = matcher;
  if (contains !== undefined && !view.values.includes(contains)) return undefined;
  return view.environment.find(
    (entry) =>
      matchesGlob(glob, entry.name, MAX_VARIABLE_LENGTH) &&
      view.variable(entry.name) === entry &&
      hasValue(entry, matcher),
  );
}

/** The part of the container that matches, for messages (`JAVA_TOOL_OPTIONS`, `its command`); undefined for no match. */
export function matchedBy(matcher: Matcher, view: ContainerView): string | undefined {
  return dispatchMember(matchPart, matcher, view);
}

export function firstMatch(matchers: readonly Matcher[], view: ContainerView): string | undefined {
  for (const matcher of matchers) {
    const part = matchedBy(matcher, view);
    if (part !== undefined) return part;
  }
  return undefined;
}

function hasValue(entry: EnvVar, { equals, contains }: VariableMatcher): boolean {
  if (equals === undefined && contains === undefined) return true;
  if (entry['valueFrom'] !== undefined && entry['valueFrom'] !== null) return false;
  const value = entry.value ?? '';
  return (equals === undefined || value === equals) && (contains === undefined || value.includes(contains));
}

function commandOf(container: Container): string {
  return [container['command'], container['args']]
    .flatMap((list: Json | undefined) =>
      Array.isArray(list) ? list.filter((word): word is string => typeof word === 'string') : [],
    )
    .join(' ');
}

function variableText({ name, equals, contains }: VariableMatcher): string {
  const names = typeof name === 'string' ? name : name.join(' or ');
  if (equals !== undefined) return `${names} is ${JSON.stringify(equals)}`;
  return contains === undefined ? `${names} is set` : `${names} contains ${JSON.stringify(contains)}`;
}

const matcherTexts: MemberTable<Matcher, string> = {
  env: variableText,
  resultingEnv: (matcher) => `after the injection, ${variableText(matcher)}`,
  command: ({ contains }) => `its command contains ${JSON.stringify(contains)}`,
  image: (glob) => `its image matches ${glob}`,
  containerName: (glob) => `its name matches ${glob}`,
  volume: (name) => `the pod has a volume ${name}`,
  mount: (path) => `something is mounted at ${path}`,
};

/** A matcher in words, for documentation. */
export function matcherText(matcher: Matcher): string {
  return dispatchMember(matcherTexts, matcher);
}
