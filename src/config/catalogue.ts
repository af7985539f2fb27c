import type { ClusterState, ClusterState as Facts } from '../kubernetes/cluster-state.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { UsageError } from '../lib/usage-error.ts';
import { builtInCatalogue } from '../profile-sources/builtin.ts';
import type { Logger } from '../lib/logger.ts';
import type { ProfilesStatus } from '../profile-sources/directory.ts';
import { type Catalogue, problemText, withDefaults } from '../profiles/catalogue.ts';
import { problemsOfDefaults } from '../settings/defaults.ts';
import { type Config, type ReadConfig, readConfig } from './config.ts';

/** The catalogue of a cluster: the built-in one with its defaults, and the profiles of its directory. */
export interface ClusterCatalogue {
  readonly catalogue: () => Catalogue;
  /** What is wrong with profiles at this moment, a line each. */
  readonly problems: () => readonly string[];
  readonly status: () => ProfilesStatus;
  readonly stop: () => Promise<void>;
}

/** The configuration. Throws a UsageError with every problem of it, and of its defaults where profiles of users cannot mend them. */
export function configFrom(read: ReadConfig): Config {
  if (read.ok) return read.config;
  const defaults = read.profiles === undefined ? problemsIn(builtInCatalogue(), read.defaults) : [];
  throw new UsageError([...read.problems, ...defaults]);
}

/**
 * Opens the catalogue. A server begins without those profiles that are broken (`watch`: and reads all again when they change); a command has no
 * use for half of what was meant. Throws a UsageError with every problem that makes no sense of the whole.
 */
export async function openCatalogue(config: Config, log: Logger, use: 'watch' | 'once'): Promise<ClusterCatalogue> {
  const { profiles: dir, defaults } = config;
  const shipped = withDefaults(builtInCatalogue(), Object.entries(defaults));
  if (dir === undefined) {
    const problems = problemsIn(shipped, defaults);
    if (problems.length > 0) throw new UsageError(problems);
    return fixed(shipped);
  }
  // Late: most servers have no profiles but those that were read when the product was built, and need nothing that reads any.
  const { builtInDocuments } = await import('../profile-sources/builtin-documents.ts');
  const { ProfileDirectory } = await import('../profile-sources/directory.ts');
  const options = { dir, builtIn: builtInDocuments.profiles, tables: shipped, log };
  const directory = await ProfileDirectory.open(options).catch((error: unknown) => {
    throw new UsageError([`profiles: ${error instanceof Error ? error.message : String(error)}`]);
  });
  const wrong = problemsIn(directory.catalogue(), defaults);
  // Defaults may speak of a profile that is broken just now: no reason to leave the cluster without a server.
  const isBroken = directory.problems().length > wrong.length;
  if (use === 'once' ? isBroken || wrong.length > 0 : !isBroken && wrong.length > 0)
    throw new UsageError(directory.problems());
  if (use === 'watch') directory.watch();
  return {
    catalogue: () => directory.catalogue(),
    problems: () => directory.problems(),
    status: () => directory.status(),
    stop: () => directory.stop(),
  };
}

/** What stands for a cluster where there is none. */
export interface ClusterInFiles {
  /** Path of a server's configuration file, for its cluster-wide defaults. */
  readonly config?: string | undefined;
  /** Path of a directory of profiles. */
  readonly profiles?: string | undefined;
  /** The API server's version, `1.36`. */
  readonly kubernetes?: string | undefined;
}

/** What a decision goes by besides the namespace. */
export interface OfflineInputs {
  readonly catalogue: Catalogue;
  readonly cluster: ClusterState;
}

/** What a server of these files would know, all that is in them sound. Throws a UsageError where it is not. */
export async function offlineInputs({ config: file, profiles, kubernetes }: ClusterInFiles): Promise<OfflineInputs> {
  const flags = Object.entries({ config: file, profiles, kubernetes });
  const given = flags.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const config = configFrom(readConfig(Object.fromEntries(given), {}));
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  const opened = await openCatalogue(config, silent, 'once');
  return { catalogue: opened.catalogue(), cluster: clusterStateFromFiles(config) };
}

/** The catalogue alone. */
export async function catalogueFrom(files: ClusterInFiles): Promise<Catalogue> {
  const { catalogue } = await offlineInputs(files);
  return catalogue;
}

function fixed(catalogue: Catalogue): ClusterCatalogue {
  const profiles = { 'built-in': catalogue.profiles.size, user: 0, 'last-good': 0, broken: 0 };
  return {
    catalogue: () => catalogue,
    problems: () => [],
    status: () => ({ profiles, problems: 0, reloads: { sound: 0, broken: 0 } }),
    stop: () => Promise.resolve(),
  };
}

function problemsIn(catalogue: Catalogue, defaults: Config['defaults']): readonly string[] {
  return problemsOfDefaults(catalogue, Object.entries(defaults)).map(problemText);
}

/** What the settings say of a cluster that nobody asks. */
export function clusterStateFromFiles({ kubernetes }: Pick<Config, 'kubernetes'>): Facts {
  return {
    kubernetes: kubernetes === undefined ? undefined : parseVersion(kubernetes),
    configMapKeys: () => undefined,
  };
}
