import { type Container, type ContainerList, imageOf, type Pod } from '../kubernetes/pod.ts';
import { isGlob, MAX_IMAGE_LENGTH, matchesGlob } from '../lib/glob.ts';
import type { Result } from '../lib/result.ts';
import { nearest } from '../lib/suggest.ts';
import { splitList } from '../lib/text.ts';
import { matchedBy, ContainerView } from '../profiles/matcher.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Reason, Setting, Source } from '../reasons/reason.ts';
import type { Unmatched } from '../reasons/unmatched.ts';
import { invalidSetting, type SettingSources, resolveSetting } from '../settings/resolve.ts';
import { profilesFor } from '../settings/selected-profiles.ts';
import { MAX_NOTICES } from '../settings/unknown-keys.ts';
import type { ContainerOutcome } from './outcome.ts';

export interface TargetContainer {
  readonly list: ContainerList;
  readonly index: number;
  readonly container: Container;
}

/** By profile, the containers named for it; under undefined, those named for all profiles. */
type NamedTargets = ReadonlyMap<string | undefined, ReadonlySet<TargetContainer>>;

/** Each pattern is tried on each container of the pod. */
const MAX_PATTERNS = 50;

/**
 * Selects the containers for injection. By default these are all app containers that are not known sidecars and that match the profile's own
 * matchers. The `containers` annotation names them instead, or `containers.<profile>` for one profile: a glob matches app containers only,
 * since an agent in an init container is seldom intended; a full name matches any container.
 */
export function selectTargets(sources: SettingSources): Result<ContainerSelector, Reason> {
  const all = allTargets(sources.pod);
  const named = new Map<string | undefined, ReadonlySet<TargetContainer>>();
  const notices: (Reason & Unmatched<Source>)[] = [];
  for (const profile of [undefined, ...profileNames(sources, all)]) {
    const setting = resolveSetting(sources, profile === undefined ? 'containers' : `containers.${profile}`);
    if (!setting) continue;
    const patterns = splitList(setting.text);
    if (patterns.length > MAX_PATTERNS) return { ok: false, error: tooManyPatterns(setting) };
    named.set(profile, new Set(all.filter((target) => patterns.some((pattern) => matches(pattern, target)))));
    notices.push(...unmatchedPatterns(patterns, all, setting));
  }
  return { ok: true, value: new ContainerSelector(sources, all, named, notices) };
}

function allTargets(pod: Pod): readonly TargetContainer[] {
  const targetsIn = (list: ContainerList): readonly TargetContainer[] =>
    (pod.spec[list] ?? []).map((container, index) => ({ list, index, container }));
  return [...targetsIn('containers'), ...targetsIn('initContainers')];
}

function profileNames(sources: SettingSources, all: readonly TargetContainer[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { container } of all) {
    const profiles = profilesFor(sources, container);
    for (const profile of profiles.ok ? profiles.value : []) names.add(profile.name);
  }
  return names;
}

function tooManyPatterns(setting: Setting): Reason {
  const { source } = setting;
  return invalidSetting('key' in source ? source.key : 'containers', setting, `at most ${MAX_PATTERNS} names or globs`);
}

function unmatchedPatterns(
  patterns: readonly string[],
  all: readonly TargetContainer[],
  { source }: Setting,
): readonly (Reason & Unmatched<Source>)[] {
  const names = all.map(({ container }) => container.name);
  return patterns
    .filter((pattern) => !all.some((target) => matches(pattern, target)))
    .slice(0, MAX_NOTICES)
    .map((pattern) => ({ code: 'container-not-found', pattern, source, suggestion: nearest(pattern, names) }));
}

/** A pattern is `web`, `web-*`, `image:*dotnet*` or `env:ASPNETCORE_URLS`. */
function matches(pattern: string, { list, container }: TargetContainer): boolean {
  if (pattern.startsWith('image:')) {
    return list === 'containers' && matchesGlob(pattern.slice(6), imageOf(container), MAX_IMAGE_LENGTH);
  }
  if (pattern.startsWith('env:')) {
    return list === 'containers' && (container.env ?? []).some(({ name }) => name === pattern.slice(4));
  }
  return isGlob(pattern) ? list === 'containers' && matchesGlob(pattern, container.name) : container.name === pattern;
}

export class ContainerSelector {
  readonly targets: readonly TargetContainer[];
  readonly originalVolumeNames: ReadonlySet<string>;
  readonly notices: readonly Reason[];
  /** The first name or pattern in a setting that no container has. */
  readonly unmatched: Unmatched<Source> | undefined;
  readonly #sources: SettingSources;
  readonly #named: NamedTargets;

  constructor(
    sources: SettingSources,
    all: readonly TargetContainer[],
    named: NamedTargets,
    notices: readonly (Reason & Unmatched<Source>)[],
  ) {
    this.#sources = sources;
    this.#named = named;
    this.notices = notices;
    const [first] = notices;
    this.unmatched = first && { pattern: first.pattern, source: first.source, suggestion: first.suggestion };
    this.originalVolumeNames = new Set((sources.pod.spec.volumes ?? []).map(({ name }) => name));
    const forAll = named.get(undefined);
    const forOne = new Set([...named].flatMap(([profile, targets]) => (profile === undefined ? [] : [...targets])));
    this.targets = all.filter((target) => forOne.has(target) || (forAll ? forAll.has(target) : this.#isApp(target)));
  }

  #isApp({ list, container }: TargetContainer): boolean {
    if (list !== 'containers') return false;
    const named = this.#sources.catalogue.sidecars.filter(({ name }) => matchesGlob(name, container.name));
    if (named.length === 0) return true;
    const view = this.#viewOf(container);
    return !named.some(({ match }) => match.every((matcher) => matchedBy(matcher, view) !== undefined));
  }

  #viewOf(container: Container): ContainerView {
    return new ContainerView(container, container.env ?? [], this.originalVolumeNames);
  }

  /** True if the profile applies to the container. If containers are named explicitly, matchers are not evaluated. */
  selects({ name, include, exclude }: Profile, target: TargetContainer): boolean {
    const named = this.#named.get(name) ?? this.#named.get(undefined);
    if (named) return named.has(target);
    if (!this.#isApp(target)) return false;
    const { container } = target;
    const view = this.#viewOf(container);
    if (exclude.some((matcher) => matchedBy(matcher, view) !== undefined)) return false;
    return !include || include.some((matcher) => matchedBy(matcher, view) !== undefined);
  }

  /** Returns an outcome for each requested profile that has none, because it applies to no container. */
  withoutTarget(outcomes: readonly ContainerOutcome[]): readonly ContainerOutcome[] {
    const present = new Set(outcomes.map(({ profile }) => profile));
    const missing = new Map<string, string>();
    for (const { container } of this.targets) {
      const profiles = profilesFor(this.#sources, container);
      for (const { name } of profiles.ok ? profiles.value : [])
        if (!present.has(name)) missing.set(name, container.name);
    }
    return [...missing].map(([profile, container]) => ({
      outcome: 'skipped',
      container,
      profile,
      reason: { code: 'no-target-container', profile },
    }));
  }
}
