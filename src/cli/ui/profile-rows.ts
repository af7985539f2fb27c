import { key } from '../../api/keys.ts';
import { nameOf } from '../../api/profile-resource.ts';
import type { WorkloadStatus } from '../../diagnostics/workload-status.ts';
import type { ProfileParameter, ProfileRow } from '../../page/wire.ts';
import { type Catalogue, profileForbiddenBy } from '../../profiles/catalogue.ts';
import { profileHash } from '../../profiles/fingerprint.ts';
import type { Profile } from '../../profiles/profile.ts';
import { type ParameterSummary, profileSummary } from '../../profiles/summary.ts';
import { yamlText } from '../profiles/yaml.ts';

/** The profiles that a catalogue allows, and the workloads whose pods carry them. */
export async function profileRows(
  catalogue: Catalogue,
  workloads: readonly WorkloadStatus[],
): Promise<readonly ProfileRow[]> {
  // Loaded on demand: the built-in profiles were parsed at build time.
  const { builtInDocuments } = await import('../../profile-sources/builtin-documents.ts');
  const documents = new Map(builtInDocuments.profiles.flatMap((one) => [[nameOf(one), one] as const]));
  return [...catalogue.profiles.values()]
    .filter(({ name }) => profileForbiddenBy(catalogue, name) === undefined)
    .map((profile) => rowOf(profile, catalogue, workloads, documents.get(profile.name)));
}

function rowOf(
  profile: Profile,
  catalogue: Catalogue,
  workloads: readonly WorkloadStatus[],
  document: unknown,
): ProfileRow {
  const { name, vendor, description } = profile;
  const summary = profileSummary(profile, catalogue.tenancy);
  const isOwn = catalogue.own.has(name);
  return {
    name,
    vendor,
    description,
    hash: profileHash(profile),
    source: isOwn ? 'of the cluster' : 'built in',
    deliveries: summary.deliveries.map((one) => one.name),
    parameters: summary.parameters.map(parameterOf),
    usedBy: workloads
      .filter(({ profiles }) => profiles.some((version) => version.startsWith(`${name}@`)))
      .map(({ namespace, workload, injected }) => ({ namespace, workload, pods: injected })),
    yaml: yamlText(isOwn || document === undefined ? summary : document),
  };
}

function parameterOf({ name, type, required, default: standard, description }: ParameterSummary): ProfileParameter {
  return { name, key: key(name), type, required, default: standard, description };
}
