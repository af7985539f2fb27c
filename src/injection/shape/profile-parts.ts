import type { Matcher } from '../../api/profile/matcher.ts';
import { normalPath } from '../../kubernetes/mount-path.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import type { Profile } from '../../profiles/profile.ts';
import { optionalFactsIn } from '../../profiles/variables/facts.ts';
import { variablesParametersOf } from '../../profiles/variables/further.ts';
import { matchesParts, textsIn, textsOf } from './compared-texts.ts';

/** What one profile, or the tables of a catalogue, lets rules see. */
export interface Parts {
  readonly names: readonly string[];
  readonly paths: readonly string[];
  readonly containers: readonly string[];
  readonly images: readonly string[];
  readonly volumes: readonly string[];
  /** In lower case. */
  readonly texts: readonly string[];
  readonly facts: readonly string[];
  readonly prefixes: readonly string[];
  readonly matchesParts: boolean;
  readonly hasObjects: boolean;
  readonly hasImageTags: boolean;
}

// Kept for each profile: with a thousand of them, a change of one is to hold up no review.
const byProfile = new WeakMap<Profile, Parts>();

/** The same object for each call. */
export function partsOfProfile(profile: Profile): Parts {
  const known = byProfile.get(profile) ?? findParts(profile);
  byProfile.set(profile, known);
  return known;
}

function findParts(profile: Profile): Parts {
  const { name, include, exclude, conflicts, advisories, environment, deliveries, objects } = profile;
  const matchers = [...(include ?? []), ...exclude, ...[...conflicts, ...advisories].flatMap(({ match }) => match)];
  const matched = partsOfMatchers(matchers);
  return {
    names: [
      ...matched.names,
      ...environment.flatMap((entry) => [entry.name, ...entry.references]),
      ...variablesParametersOf(profile).flatMap(({ allowed }) => allowed),
    ],
    paths: [...pathsOf(profile).map(normalPath), ...matched.paths],
    containers: [...matched.containers, `${name}-agent*`, ...deliveries.flatMap(anchorOf)],
    images: matched.images,
    volumes: [...volumesOf(profile), ...matched.volumes],
    texts: textsOf(profile).map((text) => text.toLowerCase()),
    facts: factsOf(profile),
    prefixes: prefixesOf(profile),
    matchesParts: matchesParts(profile),
    hasObjects: objects.length > 0,
    hasImageTags: readsImageTag(profile),
  };
}

export function partsOfTables(catalogue: Catalogue): Parts {
  const { foreignAgents, sidecars, slots } = catalogue;
  const matched = partsOfMatchers([...foreignAgents, ...sidecars].flatMap(({ match }) => match));
  const ofSlots = [...slots.values()].flatMap(({ variables, off, identity }) => [
    ...variables,
    ...off.map(({ variable }) => variable),
    ...identity,
  ]);
  return {
    ...matched,
    names: [...matched.names, ...ofSlots],
    containers: [...sidecars.map(({ name }) => name), ...matched.containers],
    texts: textsIn(catalogue).map((text) => text.toLowerCase()),
    facts: [],
    prefixes: [],
    matchesParts: false,
    hasObjects: false,
    hasImageTags: false,
  };
}

function partsOfMatchers(
  matchers: readonly Matcher[],
): Pick<Parts, 'names' | 'paths' | 'containers' | 'images' | 'volumes'> {
  return {
    names: matchers.flatMap(matchedVariablesOf),
    paths: matchers.flatMap(({ mount }) => mount ?? []).map(normalPath),
    containers: matchers.flatMap(({ containerName }) => containerName ?? []),
    images: matchers.flatMap(({ image }) => image ?? []),
    volumes: matchers.flatMap(({ volume }) => volume ?? []),
  };
}

function matchedVariablesOf({ env, resultingEnv }: Matcher): readonly string[] {
  const variable = env ?? resultingEnv;
  return variable ? [variable.name].flat() : [];
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
