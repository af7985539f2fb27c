import { dispatch } from '../lib/dispatch.ts';
import type { Matcher } from '../api/profile/matcher.ts';
import { isWithin, normalPath } from '../kubernetes/mount-path.ts';
import { type Container, type EnvVar, imageOf } from '../kubernetes/pod.ts';
import { MAX_IMAGE_LENGTH, matchesGlob } from '../lib/glob.ts';
import type { Json } from '../lib/json.ts';

/**
 * Where signs are looked for: a container, and its variables as planned so far. There are hundreds of signs, and a pod can have thousands of
 * containers, variables and volumes, so what is looked through is indexed once, when it is first asked for.
 */
export class ContainerView {
  readonly container: Container;
  readonly environment: readonly EnvVar[];
  /** The names of the pod's volumes. */
  readonly volumes: ReadonlySet<string>;
  private byName: ReadonlyMap<string, EnvVar> | undefined;
  private words: string | undefined;
  private paths: readonly string[] | undefined;

  constructor(container: Container, environment: readonly EnvVar[], volumes: ReadonlySet<string>) {
    this.container = container;
    this.environment = environment;
    this.volumes = volumes;
  }

  /** The entry of a name that counts: the last one, as in the kubelet. */
  variable(name: string): EnvVar | undefined {
    this.byName ??= new Map(this.environment.map((entry) => [entry.name, entry]));
    return this.byName.get(name);
  }

  /** Command and arguments as one line, so that `-r some-agent` is seen whether it is one word or two. */
  get command(): string {
    this.words ??= commandOf(this.container);
    return this.words;
  }

  /** The places of all mounts, each in its one spelling. */
  get mountPaths(): readonly string[] {
    this.paths ??= (this.container.volumeMounts ?? []).map(({ mountPath }) => normalPath(mountPath));
    return this.paths;
  }
}

type Look<In extends Matcher['in']> = (sign: Extract<Matcher, { in: In }>, view: ContainerView) => string | undefined;

const looks: { readonly [where in Matcher['in']]: Look<where> } = {
  environment: (sign, view) => {
    const wanted = typeof sign.name === 'string' ? [sign.name] : sign.name;
    return wanted.find((name) => {
      const entry = view.variable(name);
      return entry !== undefined && holds(entry, sign);
    });
  },
  command: ({ contains }, { command }) => (command.includes(contains) ? 'its command' : undefined),
  image: ({ matches }, { container }) =>
    matchesGlob(matches, imageOf(container), MAX_IMAGE_LENGTH) ? 'its image' : undefined,
  name: ({ matches }, { container }) => (matchesGlob(matches, container.name) ? 'its name' : undefined),
  volume: ({ name }, { volumes }) => (volumes.has(name) ? `volume ${name}` : undefined),
  mount: ({ path }, { mountPaths }) =>
    mountPaths.some((mounted) => isWithin(mounted, normalPath(path))) ? `mount ${path}` : undefined,
};

/** Where the sign was seen, in words for a person (`JAVA_TOOL_OPTIONS`, `its command`), or undefined. */
export function matchedBy(sign: Matcher, view: ContainerView): string | undefined {
  return dispatch(looks, 'in', sign, view);
}

/** Where the first of the signs that is there was seen, or undefined. */
export function firstMatch(signs: readonly Matcher[], view: ContainerView): string | undefined {
  for (const sign of signs) {
    const place = matchedBy(sign, view);
    if (place !== undefined) return place;
  }
  return undefined;
}

function holds(
  entry: EnvVar,
  { equals, contains }: { equals?: string | undefined; contains?: string | undefined },
): boolean {
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
