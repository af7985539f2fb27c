import type { Matcher } from '../../api/profile/matcher.ts';
import { isWithin, normalPath } from '../../kubernetes/mount-path.ts';
import { type Container, type EnvVar, imageOf, type VolumeMount } from '../../kubernetes/pod.ts';
import { isWindowsImage } from '../../kubernetes/scheduling.ts';
import { isGlob, MAX_IMAGE_LENGTH, matchesGlob } from '../../lib/glob.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import type { Profile } from '../../profiles/profile.ts';
import { variablesParametersOf } from '../../profiles/variables/further.ts';
import { optionalFactsIn } from '../../profiles/variables/facts.ts';
import { isMuslImage } from '../libc.ts';
import { matchesParts, textsIn } from './compared-texts.ts';

/**
 * The variables, mounts and volumes that a rule can tell from any other of their kind. It follows from the profiles and the tables of the
 * catalogue: the names that they match, set or refer to, and the paths that they use.
 */
export class VisibleParts {
  /** True if a rule may match a part of a name. Then no name is like another. */
  readonly matchesParts: boolean;
  /** True if a profile may look for a volume with a Secret or a ConfigMap. */
  readonly hasObjects: boolean;
  /** True if a profile tells images apart by their tags. */
  readonly hasImageTags: boolean;
  readonly #facts: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #names = new Set<string>();
  readonly #globs: readonly string[];
  readonly #paths: readonly string[];
  readonly #volumes: ReadonlySet<string>;
  readonly #containers: readonly string[];
  readonly #images: readonly string[];
  readonly #texts: string;
  readonly #isName = remembered((name) => this.#matchesName(name));
  readonly #isPath = remembered((path) => this.#touchesPath(path));
  readonly #isText = remembered((name) => this.#texts.includes(name));

  constructor(catalogue: Catalogue) {
    const profiles = [...catalogue.profiles.values()];
    const matchers = matchersOf(catalogue, profiles);
    const globs = new Set<string>();
    for (const name of [...matchers.flatMap(matchedVariablesOf), ...namesIn(catalogue, profiles)])
      (isGlob(name) ? globs : this.#names).add(name);
    this.#globs = [...globs];
    this.#paths = [
      ...new Set([...profiles.flatMap(pathsOf), ...matchers.flatMap(({ mount }) => mount ?? [])].map(normalPath)),
    ];
    this.#containers = [
      ...catalogue.sidecars.map(({ name }) => name),
      ...matchers.flatMap((matcher) => matcher.containerName ?? []),
      ...profiles.flatMap(({ name, deliveries }) => [`${name}-agent*`, ...deliveries.flatMap(anchorOf)]),
    ];
    this.#images = matchers.flatMap((matcher) => matcher.image ?? []);
    this.#volumes = new Set([...profiles.flatMap(volumesOf), ...matchers.flatMap(({ volume }) => volume ?? [])]);
    this.#texts = textsIn(catalogue).join('\n').toLowerCase();
    this.matchesParts = profiles.some(matchesParts);
    this.hasObjects = profiles.some(({ objects }) => objects.length > 0);
    this.hasImageTags = profiles.some(readsImageTag);
    this.#facts = new Set(profiles.flatMap(factsOf));
    this.#prefixes = [...new Set(profiles.flatMap(prefixesOf))];
  }

  /** A label or an annotation from which a profile takes a value. */
  hasFact(key: string): boolean {
    return this.#facts.has(key) || this.#prefixes.some((prefix) => key.startsWith(prefix));
  }

  /** A value with `$(` may refer to a variable of ours, or change its meaning where one is added. */
  hasVariable({ name, value }: EnvVar): boolean {
    return this.#isName(name) || (typeof value === 'string' && value.includes('$('));
  }

  /** A mount at, above or below one of the paths, and one whose volume counts by its name. */
  hasMount({ name, mountPath }: VolumeMount): boolean {
    return this.#isPath(mountPath) || this.hasVolume(name);
  }

  /** True for a name that a new volume would prefer, with or without a number, and for one that a matcher asks for. */
  hasVolume(name: string): boolean {
    return name.length > MAX_PLAIN_NAME || this.#volumes.has(name) || this.#volumes.has(name.replace(/-\d+$/, ''));
  }

  /** True for a name that a matcher or a sidecar's row asks for, or that one of our init containers may have. */
  hasContainer(name: string): boolean {
    return this.#containers.some((glob) => matchesGlob(glob, name));
  }

  /** True for a name in lower case that is part of a text of a profile or of a default, with which a rule may compare it. */
  hasText(name: string): boolean {
    return this.#isText(name);
  }

  /** True for an image that says something of its container, by its name or by a matcher. No glob matches one that is too long. */
  hasImage(container: Container): boolean {
    const image = imageOf(container);
    return (
      image.length > MAX_IMAGE_LENGTH ||
      isMuslImage(container) ||
      isWindowsImage(container) ||
      this.#images.some((glob) => matchesGlob(glob, image, MAX_IMAGE_LENGTH))
    );
  }

  #matchesName(name: string): boolean {
    // The names that a variable by reference gets when it is extended.
    if (this.#names.has(name) || name.includes('_ORIGINAL')) return true;
    return this.#globs.some((glob) => matchesGlob(glob, name, Infinity));
  }

  #touchesPath(path: string): boolean {
    const normal = normalPath(path);
    return normal === '/' || this.#paths.some((one) => isWithin(normal, one) || isWithin(one, normal));
  }
}

/** Names and paths come back with every pod, and globs are slow. */
function remembered(test: (text: string) => boolean): (text: string) => boolean {
  const known = new Map<string, boolean>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const result = test(text);
    if (known.size === MAX_KNOWN) known.clear();
    if (text.length <= MAX_KNOWN_LENGTH) known.set(text, result);
    return result;
  };
}

const MAX_KNOWN = 4096;

const MAX_KNOWN_LENGTH = 128;

/** Names of volumes beyond this are shortened to make room for a number (unique-names.ts). */
const MAX_PLAIN_NAME = 57;

const byCatalogue = new WeakMap<Catalogue, VisibleParts>();

export function visiblePartsOf(catalogue: Catalogue): VisibleParts {
  const parts = byCatalogue.get(catalogue) ?? new VisibleParts(catalogue);
  byCatalogue.set(catalogue, parts);
  return parts;
}

function matchersOf({ foreignAgents, sidecars }: Catalogue, profiles: readonly Profile[]): readonly Matcher[] {
  return [
    ...[...foreignAgents, ...sidecars].flatMap(({ match }) => match),
    ...profiles.flatMap(({ include, exclude, conflicts, advisories }) => [
      ...(include ?? []),
      ...exclude,
      ...[...conflicts, ...advisories].flatMap(({ match }) => match),
    ]),
  ];
}

function matchedVariablesOf({ env, resultingEnv }: Matcher): readonly string[] {
  const variable = env ?? resultingEnv;
  return variable ? [variable.name].flat() : [];
}

function namesIn({ slots }: Catalogue, profiles: readonly Profile[]): readonly string[] {
  return [
    ...[...slots.values()].flatMap(({ variables, off, identity }) => [
      ...variables,
      ...off.map(({ variable }) => variable),
      ...identity,
    ]),
    ...profiles.flatMap(({ environment }) => environment.flatMap(({ name, references }) => [name, ...references])),
    ...profiles.flatMap(variablesParametersOf).flatMap(({ allowed }) => allowed),
  ];
}

/** True if the tag of a container's image may become a value of the profile. */
export function readsImageTag(profile: Profile): boolean {
  return optionalFactsIn(profile).has('container.image-tag');
}

function factsOf({ parameters }: Profile): readonly string[] {
  return [...parameters.values()].flatMap(({ from = [] }) =>
    from.map((fact) => ('label' in fact ? fact.label : fact.annotation)),
  );
}

function prefixesOf({ environment }: Profile): readonly string[] {
  return environment.flatMap(({ operation: { value } }) =>
    'pairs' in value && 'prefix' in value.pairs ? [value.pairs.prefix] : [],
  );
}

function pathsOf({ mounts, writablePaths, files, objects, deliveries }: Profile): readonly string[] {
  return [
    ...[...mounts, ...writablePaths, ...files, ...objects].map(({ path }) => path),
    ...deliveries.flatMap((delivery) => ('copy' in delivery ? [delivery.copy.copyTo] : [])),
  ];
}

/** The init container that ours is to start before. */
function anchorOf(delivery: Delivery): readonly string[] {
  const position = 'copy' in delivery ? delivery.copy.position : undefined;
  return typeof position === 'object' ? [position.before] : [];
}

function volumesOf({ name, writablePaths, objects }: Profile): readonly string[] {
  return [name, `${name}-file`, ...[...writablePaths, ...objects].map(({ volume }) => volume)];
}
