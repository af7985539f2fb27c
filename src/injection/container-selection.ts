import { type Container, type ContainerList, imageOf, type Pod } from '../kubernetes/pod.ts';
import { isGlob, MAX_IMAGE_LENGTH, matchesGlob } from '../lib/glob.ts';
import type { Result } from '../lib/result.ts';
import { nearest } from '../lib/suggest.ts';
import { splitList } from '../lib/text.ts';
import { matchedBy, ContainerView } from '../profiles/matcher.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Reason, Setting } from '../reasons/reason.ts';
import { type SettingSources, resolveSetting, profilesFor } from '../settings/resolve.ts';
import { MAX_NOTICES } from '../settings/unknown-keys.ts';
import type { ContainerOutcome } from './outcome.ts';

/** A container and where it stands, so that an operation can point at it. */
export interface TargetContainer {
  readonly list: ContainerList;
  readonly index: number;
  readonly container: Container;
}

/** Every container of the pod: app containers first, then init containers and native sidecars. */
function allTargets(pod: Pod): readonly TargetContainer[] {
  const of = (list: ContainerList): readonly TargetContainer[] =>
    (pod.spec[list] ?? []).map((container, index) => ({ list, index, container }));
  return [...of('containers'), ...of('initContainers')];
}

/** More patterns than a person writes; each is tried on each container, so their number is bounded. */
const MAX_PATTERNS = 50;

export interface Selection {
  readonly selector: ContainerSelector;
  readonly notices: readonly Reason[];
}

/**
 * Which containers are to get an agent. By default every app container that is no known sidecar and that the profile's own signs choose. The
 * `containers` annotation names them instead, or `containers.<profile>` those for one agent: a glob matches app containers only, since an
 * agent in an init container is seldom meant; a full name matches any.
 */
export function selectTargets(context: SettingSources): Result<Selection, Reason> {
  const all = allTargets(context.pod);
  const chosen = new Map<string | undefined, ReadonlySet<TargetContainer>>();
  const notices: Reason[] = [];
  const names = [undefined, ...profilesNamed(context, all)];
  for (const profile of names) {
    const setting = resolveSetting(context, profile === undefined ? 'containers' : `containers.${profile}`);
    if (!setting) continue;
    const patterns = splitList(setting.text);
    if (patterns.length > MAX_PATTERNS) return { ok: false, error: tooMany(setting) };
    chosen.set(profile, new Set(all.filter((target) => patterns.some((pattern) => matches(pattern, target)))));
    notices.push(...unmatched(patterns, all, setting));
  }
  return { ok: true, value: { selector: new ContainerSelector(context, all, chosen), notices } };
}

/** The names of all profiles that some container is to get. Usually the containers have them in common. */
function profilesNamed(context: SettingSources, all: readonly TargetContainer[]): readonly string[] {
  const names = new Set<string>();
  for (const { container } of all) {
    const profiles = profilesFor(context, container.name);
    for (const profile of profiles.ok ? profiles.value : []) names.add(profile.name);
  }
  return [...names];
}

function tooMany({ text, source }: Setting): Reason {
  const setting = 'key' in source ? source.key : 'containers';
  return { code: 'invalid-value', setting, value: text, source, expected: `at most ${MAX_PATTERNS} names or globs` };
}

function unmatched(
  patterns: readonly string[],
  all: readonly TargetContainer[],
  { source }: Setting,
): readonly Reason[] {
  const names = all.map(({ container }) => container.name);
  return patterns
    .filter((pattern) => !all.some((target) => matches(pattern, target)))
    .slice(0, MAX_NOTICES)
    .map((pattern) => ({ code: 'container-not-found', pattern, source, suggestion: nearest(pattern, names) }));
}

/** `web`, `web-*`, `image:*dotnet*`, `env:ASPNETCORE_URLS`. */
function matches(pattern: string, { list, container }: TargetContainer): boolean {
  if (pattern.startsWith('image:')) {
    return list === 'containers' && matchesGlob(pattern.slice(6), imageOf(container), MAX_IMAGE_LENGTH);
  }
  if (pattern.startsWith('env:')) {
    return list === 'containers' && (container.env ?? []).some(({ name }) => name === pattern.slice(4));
  }
  return isGlob(pattern) ? list === 'containers' && matchesGlob(pattern, container.name) : container.name === pattern;
}

/** What was selected: whom to look at, and whether a profile is for him. */
export class ContainerSelector {
  /** All containers that some agent may go into. */
  readonly targets: readonly TargetContainer[];
  /** The names of the pod's volumes. */
  readonly volumes: ReadonlySet<string>;
  private readonly context: SettingSources;
  /** By profile, those that were named for it; under undefined those that were named for all. */
  private readonly chosen: ReadonlyMap<string | undefined, ReadonlySet<TargetContainer>>;

  constructor(
    context: SettingSources,
    all: readonly TargetContainer[],
    chosen: ReadonlyMap<string | undefined, ReadonlySet<TargetContainer>>,
  ) {
    this.context = context;
    this.volumes = new Set((context.pod.spec.volumes ?? []).map(({ name }) => name));
    this.chosen = chosen;
    const common = chosen.get(undefined);
    const own = new Set([...chosen].flatMap(([profile, targets]) => (profile === undefined ? [] : [...targets])));
    this.targets = all.filter((target) => own.has(target) || (common ? common.has(target) : this.isApp(target)));
  }

  private isApp({ list, container }: TargetContainer): boolean {
    return list === 'containers' && !this.context.catalogue.sidecars.has(container.name);
  }

  /** Whether the profile's agent is to go into the container. Who names containers is not asked for signs. */
  selects({ name, include, exclude }: Profile, target: TargetContainer): boolean {
    const named = this.chosen.get(name) ?? this.chosen.get(undefined);
    if (named) return named.has(target);
    if (!this.isApp(target)) return false;
    const { container } = target;
    const view = new ContainerView(container, container.env ?? [], this.volumes);
    if (exclude.some((sign) => matchedBy(sign, view) !== undefined)) return false;
    return !include || include.some((sign) => matchedBy(sign, view) !== undefined);
  }

  /** The profiles that were asked for and that no container of the pod was for. */
  withoutTarget(outcomes: readonly ContainerOutcome[]): readonly ContainerOutcome[] {
    const met = new Set(outcomes.map(({ profile }) => profile));
    const missing = new Map<string, string>();
    for (const { container } of this.targets) {
      const profiles = profilesFor(this.context, container.name);
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
