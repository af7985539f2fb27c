import { isWithin, normalPath } from '../../kubernetes/mount-path.ts';
import { type Container, type EnvVar, imageOf, type VolumeMount } from '../../kubernetes/pod.ts';
import { isWindowsImage } from '../../kubernetes/scheduling.ts';
import { isGlob, MAX_IMAGE_LENGTH, matchesGlob } from '../../lib/glob.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { isMuslImage } from '../libc.ts';
import { type Parts, partsOfProfile, partsOfTables } from './profile-parts.ts';

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
  readonly #names: ReadonlySet<string>;
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
    const profiles = [...catalogue.profiles.values()].map(partsOfProfile);
    const tables = partsOfTables(catalogue);
    const union = (select: (parts: Parts) => readonly string[]): Set<string> => {
      const all = new Set(select(tables));
      for (const parts of profiles) for (const text of select(parts)) all.add(text);
      return all;
    };
    const names = [...union((parts) => parts.names)];
    this.#names = new Set(names.filter((name) => !isGlob(name)));
    this.#globs = names.filter(isGlob);
    this.#paths = [...union((parts) => parts.paths)];
    this.#containers = [...union((parts) => parts.containers)];
    this.#images = [...union((parts) => parts.images)];
    this.#volumes = union((parts) => parts.volumes);
    this.#texts = [...union((parts) => parts.texts)].join('\n');
    this.matchesParts = profiles.some((parts) => parts.matchesParts);
    this.hasObjects = profiles.some((parts) => parts.hasObjects);
    this.hasImageTags = profiles.some((parts) => parts.hasImageTags);
    this.#facts = union((parts) => parts.facts);
    this.#prefixes = [...union((parts) => parts.prefixes)];
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
