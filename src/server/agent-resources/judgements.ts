import { PROFILE_KIND } from '../../api/keys.ts';
import { CLUSTER_TARGET_KIND, TARGET_KIND } from '../../api/target/kinds.ts';
import type { StoredTarget } from '../../cluster/caches/targets.ts';
import type { StoredResource } from '../../cluster/resources/status-watch.ts';
import { systemClock } from '../../lib/clock.ts';
import type { ProfileState } from '../../profile-sources/resource-profiles.ts';
import { runInSlices } from '../../profile-sources/slices.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { profileHash } from '../../profiles/fingerprint.ts';
import { readProfileChoice } from '../../profiles/automatic/profile-choice.ts';
import { PROFILE_OWNERSHIP, profileReport, type ProfileVersion } from '../../resources/profile-report.ts';
import type { Report } from '../../resources/status.ts';
import { TARGET_OWNERSHIP, targetReport } from '../../resources/target-report.ts';
import { canaryVersionOf } from '../../settings/canary.ts';
import { type Conflicts, conflictsIn } from '../../settings/targets/conflicts.ts';
import type { Target } from '../../settings/targets/target.ts';
import type { StatusSource } from './status-writer.ts';

/** What a server has made of the resources that it has read. */
export interface Judgements {
  readonly catalogue: () => Catalogue;
  /** By name. */
  readonly profiles: () => ReadonlyMap<string, ProfileState>;
  /** By name, with the namespace. */
  readonly targets: () => ReadonlyMap<string, StoredTarget>;
  readonly clusterTargets: () => ReadonlyMap<string, StoredTarget>;
}

/** What a server says of each of them. */
export function statusSources({ catalogue, profiles, targets, clusterTargets }: Judgements): readonly StatusSource[] {
  return [
    { kind: PROFILE_KIND, ownership: PROFILE_OWNERSHIP, reports: profileReports(catalogue, profiles) },
    { kind: TARGET_KIND, ownership: TARGET_OWNERSHIP, reports: targetReports(catalogue, targets) },
    { kind: CLUSTER_TARGET_KIND, ownership: TARGET_OWNERSHIP, reports: targetReports(catalogue, clusterTargets) },
  ];
}

function profileReports(catalogue: Judgements['catalogue'], profiles: Judgements['profiles']): StatusSource['reports'] {
  // The states are new whenever profiles were read again.
  const known = new WeakMap<ProfileState, Report>();
  return () => {
    const states = profiles();
    return ({ name, uid }) => {
      const state = states.get(name);
      if (state?.uid !== uid) return undefined;
      const report = known.get(state) ?? profileReport({ ...state, inService: versionIn(catalogue(), name, state) });
      known.set(state, report);
      return report;
    };
  };
}

function versionIn({ profiles }: Catalogue, name: string, { hash }: ProfileState): ProfileVersion | undefined {
  const profile = profiles.get(name);
  if (!profile || hash === undefined) return undefined;
  const canaryHash = profileHash(canaryVersionOf(profile));
  return { vendor: profile.vendor, hash, ...(canaryHash !== hash && { canaryHash }) };
}

function targetReports(catalogue: Judgements['catalogue'], targets: Judgements['targets']): StatusSource['reports'] {
  const winnersNow = conflicts();
  let known = new WeakMap<StoredTarget, Report>();
  let basis: readonly [unknown, unknown] | undefined;
  return async () => {
    const all = targets();
    const { profiles } = catalogue();
    const winners = await winnersNow([...all.values()].flatMap(({ target }) => target ?? []));
    if (basis?.[0] !== winners || basis[1] !== profiles) known = new WeakMap();
    basis = [winners, profiles];
    return (resource) => {
      const stored = all.get(keyOf(resource));
      if (stored?.uid !== resource.uid) return undefined;
      const report = known.get(stored) ?? reportOf(stored, profiles, winners);
      known.set(stored, report);
      return report;
    };
  };
}

function reportOf(
  { generation, problems, target }: StoredTarget,
  profiles: Catalogue['profiles'],
  winners: ReadonlyMap<Target, readonly string[]>,
): Report {
  const named = readProfileChoice(target?.settings.get('profile') ?? '')?.names ?? [];
  return targetReport({
    generation,
    problems,
    unknownProfiles: named.filter((name) => !profiles.has(name)),
    winners: (target && winners.get(target)) ?? [],
  });
}

/** The same map until a target changes. */
function conflicts(): (targets: readonly Target[]) => Promise<Conflicts['winners']> {
  let seen: readonly Target[] = [];
  let found: Conflicts = { winners: new Map(), groups: new Map() };
  return async (all) => {
    if (all.length === seen.length && all.every((one, index) => one === seen[index])) return found.winners;
    found = await runInSlices(conflictsIn(all, found), systemClock);
    seen = all;
    return found.winners;
  };
}

function keyOf({ namespace, name }: StoredResource): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
