import type { ClusterState } from '../kubernetes/cluster-state.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { errorMessage } from '../lib/error-message.ts';
import type { Logger } from '../lib/logger.ts';
import type { Result } from '../lib/result.ts';
import { UsageError } from '../lib/usage-error.ts';
import { builtInCatalogue } from '../profile-sources/builtin.ts';
import type { ProfilesStatus } from '../profile-sources/directory.ts';
import { type Catalogue, problemText, withDefaults, withTenancy } from '../profiles/catalogue.ts';
import type { ResolvedProfile } from '../profiles/read-profiles.ts';
import type { Tenancy } from '../profiles/tenancy/policy.ts';
import { problemsOfDefaults, problemsOfTenancy } from '../settings/validate-defaults.ts';
import { type Config, type ConfigFault, readConfig } from './config.ts';
import type { DecisionOptions } from './decision-options.ts';

/** The catalogue of a cluster: built-in profiles with cluster-wide defaults, and the profiles of a directory. */
export interface CatalogueProvider {
  readonly catalogue: () => Catalogue;
  /** The profiles of the directory. */
  readonly own: () => ReadonlyMap<string, ResolvedProfile>;
  readonly problems: () => readonly string[];
  readonly status: () => ProfilesStatus;
  readonly stop: () => Promise<void>;
}

/** Returns the configuration, or throws a UsageError with all its problems, including those of defaults that no user's profile can resolve. */
export function requireConfig(read: Result<Config, ConfigFault>): Config {
  if (read.ok) return read.value;
  const { problems, defaults, profiles } = read.error;
  const ofDefaults = profiles === undefined ? problemsIn(builtInCatalogue(), defaults) : [];
  throw new UsageError([...problems, ...ofDefaults]);
}

/**
 * Opens the catalogue. A server (`watch`) starts without broken profiles and reloads the directory when it changes; a command (`once`) fails on
 * any broken profile. Throws a UsageError with all problems.
 */
export async function openCatalogue(config: Config, log: Logger, use: 'watch' | 'once'): Promise<CatalogueProvider> {
  const { profiles: dir, defaults } = config;
  const builtIn = withDefaults(withOptions(builtInCatalogue(), config), Object.entries(defaults));
  if (dir === undefined) {
    const problems = problemsIn(builtIn, defaults);
    if (problems.length > 0) throw new UsageError(problems);
    return withoutDirectory(builtIn);
  }
  // Loaded on demand: the built-in profiles were parsed at build time, so most servers need no parser.
  const { builtInDocuments } = await import('../profile-sources/builtin-documents.ts');
  const { ProfileDirectory } = await import('../profile-sources/directory.ts');
  const options = { dir, builtIn: builtInDocuments.profiles, tables: builtIn, log };
  const directory = await ProfileDirectory.open(options).catch((error: unknown) => {
    throw new UsageError([`profiles: ${errorMessage(error)}`]);
  });
  const ofDefaults = problemsIn(directory.catalogue(), defaults).length;
  // Defaults may refer to a profile that is broken right now: no reason to leave the cluster without a server.
  const isBroken = directory.problems().length > ofDefaults;
  if (use === 'once' ? isBroken || ofDefaults > 0 : !isBroken && ofDefaults > 0)
    throw new UsageError(directory.problems());
  if (use === 'watch') directory.watch();
  return {
    catalogue: () => directory.catalogue(),
    own: () => directory.own(),
    problems: () => directory.problems(),
    status: () => directory.status(),
    stop: () => directory.stop(),
  };
}

/** Files that replace a cluster. */
export interface OfflineOptions {
  readonly config?: string | undefined;
  readonly profiles?: string | undefined;
  readonly kubernetes?: string | undefined;
  readonly revision?: string | undefined;
}

export interface OfflineInputs {
  readonly catalogue: Catalogue;
  readonly cluster: ClusterState;
  readonly options: DecisionOptions;
}

/** Loads the inputs that a server with these files would use. Throws a UsageError if any of them is not valid. */
export async function offlineInputs({
  config: file,
  profiles,
  kubernetes,
  revision,
}: OfflineOptions): Promise<OfflineInputs> {
  const flags = Object.entries({ config: file, profiles, kubernetes, revision });
  const given = flags.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const config = requireConfig(readConfig(Object.fromEntries(given), {}));
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  const opened = await openCatalogue(config, silent, 'once');
  return { catalogue: opened.catalogue(), cluster: assumedClusterState(config), options: config };
}

export async function catalogueFrom(files: OfflineOptions): Promise<Catalogue> {
  const { catalogue } = await offlineInputs(files);
  return catalogue;
}

const NO_PROFILES: ReadonlyMap<string, ResolvedProfile> = new Map();

function withoutDirectory(catalogue: Catalogue): CatalogueProvider {
  const profiles = { 'built-in': catalogue.profiles.size, user: 0, 'last-good': 0, broken: 0 };
  return {
    catalogue: () => catalogue,
    own: () => NO_PROFILES,
    problems: () => [],
    status: () => ({ profiles, problems: 0, reloads: { sound: 0, broken: 0 } }),
    stop: () => Promise.resolve(),
  };
}

function problemsIn(catalogue: Catalogue, defaults: Config['defaults']): readonly string[] {
  return [...problemsOfDefaults(catalogue, Object.entries(defaults)), ...problemsOfTenancy(catalogue)].map(problemText);
}

/** Applies the options that say what a catalogue allows, and where. */
export function withOptions(catalogue: Catalogue, options: DecisionOptions): Catalogue {
  const { strictRequired, revision, injection, podLabel } = options;
  return {
    ...withTenancy(catalogue, tenancyOf(options)),
    strictRequired,
    ...(!podLabel && { podLabel }),
    ...(revision !== undefined && { revision }),
    ...(injection !== 'on' && {
      injection: { mode: injection, by: 'the setting injection', why: '', profiles: new Map() },
    }),
  };
}

function tenancyOf({
  tenancy: mode,
  allowedProfiles = [],
  builtInProfiles,
  settableBy = new Map(),
}: DecisionOptions): Tenancy {
  return { mode, allowedProfiles, builtInProfiles, settableBy };
}

export function assumedClusterState({
  kubernetes,
  podSecurityDefault,
}: Pick<DecisionOptions, 'kubernetes' | 'podSecurityDefault'>): ClusterState {
  return {
    kubernetes: kubernetes === undefined ? undefined : parseVersion(kubernetes),
    configMapKeys: () => undefined,
    ...(podSecurityDefault && { podSecurityDefault }),
  };
}
