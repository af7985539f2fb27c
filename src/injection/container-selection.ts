import { type Container, type ContainerList, imageOf, type Pod } from '../kubernetes/pod.ts';
import { isGlob, LONGEST_IMAGE, matchesGlob } from '../lib/glob.ts';
import { nearest } from '../lib/suggest.ts';
import { words } from '../lib/text.ts';
import { seen, Sight } from '../profiles/matcher.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Reason, Setting } from '../reasons/reason.ts';
import { type Layers, lookUp, profilesFor } from '../settings/resolve.ts';
import { MOST_NOTICES } from '../settings/unknown-keys.ts';
import type { ContainerOutcome } from './outcome.ts';

/** A container and where it stands, so that an operation can point at it. */
export interface Target {
  readonly list: ContainerList;
  readonly index: number;
  readonly container: Container;
}

/** Every container of the pod: app containers first, then init containers and native sidecars. */
function allTargets(pod: Pod): readonly Target[] {
  const of = (list: ContainerList): readonly Target[] =>
    (pod.spec[list] ?? []).map((container, index) => ({ list, index, container }));
  return [...of('containers'), ...of('initContainers')];
}

/** More patterns than a person writes; each is tried on each container, so their number is bounded. */
const MOST_PATTERNS = 50;

export type Selection =
  | { readonly ok: true; readonly selector: Selector; readonly notices: readonly Reason[] }
  | { readonly ok: false; readonly reason: Reason };

/**
 * Which containers are to get an agent. By default every app container that is no known sidecar and that the profile's own signs choose. The
 * `containers` annotation names them instead, or `containers.<profile>` those for one agent: a glob matches app containers only, since an
 * agent in an init container is seldom meant; a full name matches any.
 */
export function selectTargets(layers: Layers): Selection {
  const all = allTargets(layers.pod);
  const chosen = new Map<string | undefined, ReadonlySet<Target>>();
  const notices: Reason[] = [];
  const names = [undefined, ...profilesNamed(layers, all)];
  for (const profile of names) {
    const setting = lookUp(layers, profile === undefined ? 'containers' : `containers.${profile}`);
    if (!setting) continue;
    const patterns = words(setting.text);
    if (patterns.length > MOST_PATTERNS) return { ok: false, reason: tooMany(setting) };
    chosen.set(profile, new Set(all.filter((target) => patterns.some((pattern) => matches(pattern, target)))));
    notices.push(...unmatched(patterns, all, setting));
  }
  return { ok: true, selector: new Selector(layers, all, chosen), notices };
}

/** The names of all profiles that some container is to get. Usually the containers have them in common. */
function profilesNamed(layers: Layers, all: readonly Target[]): readonly string[] {
  const names = new Set<string>();
  for (const { container } of all) {
    const profiles = profilesFor(layers, container.name);
    for (const profile of profiles.ok ? profiles.value : []) names.add(profile.name);
  }
  return [...names];
}

function tooMany({ text, source }: Setting): Reason {
  const setting = 'key' in source ? source.key : 'containers';
  return { code: 'invalid-value', setting, value: text, source, expected: `at most ${MOST_PATTERNS} names or globs` };
}

function unmatched(patterns: readonly string[], all: readonly Target[], { source }: Setting): readonly Reason[] {
  const names = all.map(({ container }) => container.name);
  return patterns
    .filter((pattern) => !all.some((target) => matches(pattern, target)))
    .slice(0, MOST_NOTICES)
    .map((pattern) => ({ code: 'container-not-found', pattern, source, nearest: nearest(pattern, names) }));
}

/** `web`, `web-*`, `image:*dotnet*`, `env:ASPNETCORE_URLS`. */
function matches(pattern: string, { list, container }: Target): boolean {
  if (pattern.startsWith('image:')) {
    return list === 'containers' && matchesGlob(pattern.slice(6), imageOf(container), LONGEST_IMAGE);
  }
  if (pattern.startsWith('env:')) {
    return list === 'containers' && (container.env ?? []).some(({ name }) => name === pattern.slice(4));
  }
  return isGlob(pattern) ? list === 'containers' && matchesGlob(pattern, container.name) : container.name === pattern;
}

/** What was selected: whom to look at, and whether a profile is for him. */
export class Selector {
  /** All containers that some agent may go into. */
  readonly targets: readonly Target[];
  /** The names of the pod's volumes. */
  readonly volumes: ReadonlySet<string>;
  private readonly layers: Layers;
  /** By profile, those that were named for it; under undefined those that were named for all. */
  private readonly chosen: ReadonlyMap<string | undefined, ReadonlySet<Target>>;

  constructor(layers: Layers, all: readonly Target[], chosen: ReadonlyMap<string | undefined, ReadonlySet<Target>>) {
    this.layers = layers;
    this.volumes = new Set((layers.pod.spec.volumes ?? []).map(({ name }) => name));
    this.chosen = chosen;
    const common = chosen.get(undefined);
    const own = new Set([...chosen].flatMap(([profile, targets]) => (profile === undefined ? [] : [...targets])));
    this.targets = all.filter((target) => own.has(target) || (common ? common.has(target) : this.isApp(target)));
  }

  private isApp({ list, container }: Target): boolean {
    return list === 'containers' && !this.layers.catalogue.sidecars.has(container.name);
  }

  /** Whether the profile's agent is to go into the container. Who names containers is not asked for signs. */
  selects({ name, include, exclude }: Profile, target: Target): boolean {
    const named = this.chosen.get(name) ?? this.chosen.get(undefined);
    if (named) return named.has(target);
    if (!this.isApp(target)) return false;
    const { container } = target;
    const sight = new Sight(container, container.env ?? [], this.volumes);
    if (exclude.some((sign) => seen(sign, sight) !== undefined)) return false;
    return !include || include.some((sign) => seen(sign, sight) !== undefined);
  }

  /** The profiles that were asked for and that no container of the pod was for. */
  withoutTarget(outcomes: readonly ContainerOutcome[]): readonly ContainerOutcome[] {
    const met = new Set(outcomes.map(({ profile }) => profile));
    const missing = new Map<string, string>();
    for (const { container } of this.targets) {
      const profiles = profilesFor(this.layers, container.name);
      for (const { name } of profiles.ok ? profiles.value : []) if (!met.has(name)) missing.set(name, container.name);
    }
    return [...missing].map(([profile, container]) => ({
      outcome: 'skipped',
      container,
      profile,
      reason: { code: 'no-target-container', profile },
    }));
  }
}
