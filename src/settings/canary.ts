import { CANARY, CANARY_VERSION } from '../api/keys.ts';
import { workloadIdentity } from '../kubernetes/owner.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import type { Result } from '../lib/result.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { hash32 } from '../lib/text.ts';
import type { Profile } from '../profiles/profile.ts';
import { subjectOf } from '../profiles/tenancy/policy.ts';
import type { Reason, Setting, Source } from '../reasons/reason.ts';
import { readAnnotations } from './annotations.ts';
import { isStrict } from './required.ts';
import { countsFrom, levelsFor } from './levels.ts';
import { invalidSetting, settingChain, type SettingSources } from './resolve.ts';
import { settingValues } from './setting-values.ts';
import { selectedTargets } from './targets/selected.ts';

/**
 * Why the workload of the pod does not get the profile: it is outside the canary, or a percentage is not valid. Where nothing opts a pod out, a
 * canary does not, either.
 */
export function outsideCanary(sources: SettingSources, profile: Profile): Reason | undefined {
  const version = shareOf(sources, CANARY_VERSION, profile);
  if (version && !version.ok) return version.error;
  const share = shareOf(sources, CANARY, profile);
  if (!share) return undefined;
  if (!share.ok) return share.error;
  const { percent, source } = share.value;
  const bucket = bucketOf(sources, CANARY, profile.name);
  if (bucket < percent || isStrict(sources)) return undefined;
  return { code: 'outside-canary', profile: profile.name, percent, from: bucket + 1, source };
}

/** The version of the profile that the workload of the pod gets. */
export function versionFor(sources: SettingSources, profile: Profile): Profile {
  if (!profile.canary?.version) return profile;
  const share = shareOf(sources, CANARY_VERSION, profile);
  const isChosen = share?.ok === true && bucketOf(sources, CANARY_VERSION, profile.name) < share.value.percent;
  return isChosen ? canaryVersionOf(profile) : profile;
}

/** The profile of this name, in the version that the workload of the pod gets. */
export function profileFor(sources: SettingSources, name: string): Profile | undefined {
  const profile = sources.catalogue.profiles.get(name);
  return profile && versionFor(sources, profile);
}

const canaryVersions = new WeakMap<Profile, Profile>();

/**
 * The profile as the workloads of its version canary get it: some parameters have another default. Its hash is that of the profile which has these
 * defaults for everyone, so that a promotion makes none of them outdated. The same profile if it has no version canary.
 */
export function canaryVersionOf(profile: Profile): Profile {
  const values = profile.canary?.version?.values;
  if (!values || profile.version === 'canary') return profile;
  const known = canaryVersions.get(profile);
  if (known) return known;
  const parameters = [...profile.parameters].map(([name, parameter]): [string, Parameter] => {
    const value = values.get(name);
    // The value was checked against the type of this parameter, of which the default is the only field that changes.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return [name, value === undefined ? parameter : ({ ...parameter, default: value } as Parameter)];
  });
  const made: Profile = { ...profile, parameters: new Map(parameters), version: 'canary' };
  canaryVersions.set(profile, made);
  return made;
}

/** True if the workload gets this parameter from the version canary, and not from the defaults of the cluster. */
export function isCanaryValue({ version, canary }: Profile, parameter: string): boolean {
  return version === 'canary' && canary?.version?.values.has(parameter) === true;
}

interface Share {
  readonly percent: number;
  readonly source: Source;
}

/** The percentage that applies; undefined if there is none, so that all workloads are chosen. */
function shareOf(
  sources: SettingSources,
  setting: typeof CANARY | typeof CANARY_VERSION,
  { name, canary }: Profile,
): Result<Share, Reason> | undefined {
  const found = percentIn(sources, setting, name);
  if (found) {
    const { accepts, expected } = settingValues[setting];
    if (!accepts(found.text)) return { ok: false, error: invalidSetting(setting, found, expected) };
    return { ok: true, value: { percent: Number(found.text), source: found.source } };
  }
  const percent = setting === CANARY ? canary?.percent : canary?.version?.percent;
  return percent === undefined ? undefined : { ok: true, value: { percent, source: { from: 'profile' } } };
}

function percentIn(sources: SettingSources, setting: string, profile: string): Setting | undefined {
  const levels = levelsFor(sources, setting);
  for (const found of settingChain(sources, [`${setting}.${profile}`, setting])) {
    if (countsFrom(found.source.from, levels, setting, sources)) return found;
  }
  return undefined;
}

/**
 * From 0 to 99: which workloads are chosen first. It depends on nothing but names, so that all replicas and all commands choose the same, a
 * percentage that is raised only adds workloads, and two profiles do not begin with the same ones.
 */
function bucketOf(sources: SettingSources, purpose: string, profile: string): number {
  const { kind, name } = workloadIdentity(sources.pod, sources.cluster);
  return hash32([purpose, profile, kind, sources.namespace.name, name].join('\n')) % 100;
}

const withCanary = new WeakMap<Catalogue, boolean>();

/** True if a decision may depend on which workload it is, and not only on what its pods are like. */
export function dependsOnWorkload(sources: SettingSources): boolean {
  const { namespace, catalogue } = sources;
  const known =
    withCanary.get(catalogue) ??
    ([...catalogue.profiles.values()].some(({ canary }) => canary !== undefined) ||
      [...catalogue.defaults.keys()].some(isCanary));
  withCanary.set(catalogue, known);
  return (
    known ||
    [...readAnnotations(namespace.annotations).common.keys()].some(isCanary) ||
    selectedTargets(sources).some(({ settings }) => [...settings.keys()].some(isCanary))
  );
}

function isCanary(setting: string): boolean {
  const subject = subjectOf(setting);
  return subject === CANARY || subject === CANARY_VERSION;
}
