import { INJECTION_MODES } from '../../api/injection-switch.ts';
import { type Level, LEVELS } from '../../api/keys.ts';
import { type ClusterState, unknownCluster } from '../../kubernetes/cluster-state.ts';
import { POD_SECURITY_LEVELS } from '../../kubernetes/pod-security.ts';
import { parseVersion } from '../../kubernetes/version.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { TrySettings } from '../../page/wire.ts';
import { builtInCatalogue } from '../../profile-sources/builtin.ts';
import { type Catalogue, withDefaults, withProfiles, withTenancy } from '../../profiles/catalogue.ts';

/** What decisions depend on beside the pod and its namespace: the profiles, and the options of the server that it has told. */
export interface Conditions {
  readonly catalogue: Catalogue;
  readonly cluster: ClusterState;
}

export async function conditionsFrom({
  options,
  profiles,
}: Pick<TrySettings, 'options' | 'profiles'>): Promise<Conditions> {
  const builtIn = withOptions(builtInCatalogue(), options);
  return { catalogue: profiles.length === 0 ? builtIn : await withOwn(builtIn, profiles), cluster: clusterOf(options) };
}

/** The reader of documents is a chunk of its own: most clusters have the built-in profiles only. */
async function withOwn(builtIn: Catalogue, documents: readonly JsonObject[]): Promise<Catalogue> {
  const { readWithBuiltIn } = await import('../../profile-sources/builtin-documents.ts');
  const own = documents.map((document) => ({ origin: 'the cluster', document }));
  const { profiles, own: sound } = readWithBuiltIn(own, builtIn);
  return withProfiles(builtIn, profiles, sound.keys());
}

function withOptions(catalogue: Catalogue, options: JsonObject): Catalogue {
  const { strictRequired, revision, podLabel, defaults, injection } = options;
  const mode = INJECTION_MODES.find((one) => one === injection);
  const settled = withTenancy(catalogue, tenancyOf(catalogue, options));
  return withDefaults(
    {
      ...settled,
      ...(typeof strictRequired === 'boolean' && { strictRequired }),
      ...(podLabel === false && { podLabel }),
      ...(typeof revision === 'string' && { revision }),
      ...(mode && mode !== 'on' && { injection: { mode, by: 'the setting injection', why: '', profiles: new Map() } }),
    },
    isObject(defaults) ? textsIn(defaults) : [],
  );
}

function textsIn(values: JsonObject): readonly (readonly [string, string])[] {
  return Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
}

function tenancyOf({ tenancy }: Catalogue, options: JsonObject): Catalogue['tenancy'] {
  const { tenancy: mode, allowedProfiles, builtInProfiles, settableBy } = options;
  return {
    ...tenancy,
    ...((mode === 'strict' || mode === 'open') && { mode }),
    ...(Array.isArray(allowedProfiles) && { allowedProfiles: allowedProfiles.map(String) }),
    ...(typeof builtInProfiles === 'boolean' && { builtInProfiles }),
    ...(isObject(settableBy) && { settableBy: new Map(Object.entries(settableBy).map(levelsIn)) }),
  };
}

function levelsIn([name, levels]: readonly [string, Json | undefined]): readonly [string, readonly Level[]] {
  return [name, LEVELS.filter((level) => Array.isArray(levels) && levels.includes(level))];
}

function clusterOf({ kubernetes, podSecurityDefault }: JsonObject): ClusterState {
  const level = POD_SECURITY_LEVELS.find((one) => one === podSecurityDefault);
  return {
    ...unknownCluster,
    ...(typeof kubernetes === 'string' && { kubernetes: parseVersion(kubernetes) }),
    ...(level && { podSecurityDefault: level }),
  };
}
