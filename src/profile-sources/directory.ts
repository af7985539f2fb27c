import { type Clock, sleep, systemClock } from '../lib/clock.ts';
import { errorMessage } from '../lib/error-message.ts';
import type { Logger } from '../lib/logger.ts';
import { traceOf } from '../lib/stack-trace.ts';
import { type Catalogue, type CatalogueTables, problemText, withProfiles } from '../profiles/catalogue.ts';
import { type ProfileSet, readProfiles, type ResolvedProfile } from '../profiles/read-profiles.ts';
import { problemsOfDefaults, problemsOfTenancy } from '../settings/validate-defaults.ts';
import { type Documents, profileDocuments } from './directory-documents.ts';
import { type DirectoryContent, readDirectory } from './directory-reader.ts';
import { builtInSources } from './read-catalogue.ts';
import { fileProblem, fileProblemText } from './read-documents.ts';
import { runInSlices } from './slices.ts';

export interface ProfileDirectoryOptions {
  readonly dir: string;
  readonly builtIn: readonly unknown[];
  /** The rest of the catalogue; its defaults are the cluster's. */
  readonly tables: CatalogueTables;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface ProfilesStatus {
  readonly profiles: {
    readonly 'built-in': number;
    readonly user: number;
    /** Users' profiles with an invalid document, whose last valid version is in service. */
    readonly 'last-good': number;
    /** Users' profiles with an invalid document and no valid version: not in service. */
    readonly broken: number;
  };
  readonly problems: number;
  readonly reloads: { readonly sound: number; readonly broken: number };
}

const POLL_MS = 2000;

/** After a change, the time in which a writer of several files is expected to finish, in ms. */
const SETTLE_MS = 100;

const EMPTY: ProfileSet = {
  profiles: new Map(),
  own: new Map(),
  builtIn: new Map(),
  problems: [],
  lastGood: [],
  broken: [],
  replaced: [],
};

/**
 * The built-in profiles and those of a directory, which is read again when it changes. An invalid document does not take effect: the last valid
 * version of its profile stays in service. The whole catalogue is replaced in one step.
 */
export class ProfileDirectory {
  readonly #options: ProfileDirectoryOptions;
  readonly #clock: Clock;
  readonly #reloads = { sound: 0, broken: 0 };
  #catalogue: Catalogue;
  #set: ProfileSet = EMPTY;
  #names: Documents['names'] = new Map();
  #loaded: string | undefined;
  #lastRead: string | undefined;
  #problems: readonly string[] = [];
  #unreadable: string | undefined;
  readonly #stopping = new AbortController();
  #polling: Promise<void> | undefined;

  private constructor(options: ProfileDirectoryOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#catalogue = withProfiles(options.tables, EMPTY.profiles, []);
  }

  /** Reads the directory for the first time. Throws an Error if it cannot be read at all. */
  static async open(options: ProfileDirectoryOptions): Promise<ProfileDirectory> {
    const directory = new ProfileDirectory(options);
    const read = await readDirectory(options.dir);
    if (!read.ok) throw new Error(read.error);
    await directory.#load(read.value);
    return directory;
  }

  watch(): void {
    this.#polling ??= this.#poll(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    let waitMs = POLL_MS;
    for (;;) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- one check after the other
      await sleep(this.#clock, waitMs, signal);
      if (signal.aborted) return;
      // oxlint-disable-next-line eslint/no-await-in-loop -- one check after the other
      waitMs = await this.check();
    }
  }

  catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** The profiles of the directory that are in service, with their documents. */
  own(): ReadonlyMap<string, ResolvedProfile> {
    return this.#set.own;
  }

  problems(): readonly string[] {
    return [...(this.#unreadable === undefined ? [] : [this.#unreadable]), ...this.#problems];
  }

  status(): ProfilesStatus {
    const { lastGood, broken, own } = this.#set;
    return {
      profiles: {
        'built-in': this.#catalogue.profiles.size - own.size,
        user: own.size - lastGood.length,
        'last-good': lastGood.length,
        broken: broken.length,
      },
      problems: this.problems().length,
      reloads: this.#reloads,
    };
  }

  /** Loads changes, and returns the time until the next check in ms. Never rejects. */
  async check(): Promise<number> {
    const { dir, log } = this.#options;
    const read = await readDirectory(dir);
    const before = this.#unreadable;
    this.#unreadable = read.ok ? undefined : read.error;
    if (!read.ok) {
      if (read.error !== before) log.error({ dir }, `profiles not reloaded: ${read.error}`);
      return POLL_MS;
    }
    if (before !== undefined) log.info({ dir }, 'profile directory readable again');
    const { fingerprint, isAtomic } = read.value;
    if (fingerprint === this.#loaded) return POLL_MS;
    const isSettled = isAtomic || fingerprint === this.#lastRead;
    this.#lastRead = fingerprint;
    if (!isSettled) return SETTLE_MS;
    await this.#reload(read.value);
    return POLL_MS;
  }

  async #reload(content: DirectoryContent): Promise<void> {
    const { dir, log } = this.#options;
    try {
      this.#reloads[await this.#load(content)] += 1;
    } catch (error) {
      // Not expected for any document. The server goes on with the catalogue that it has, and logs the error once.
      this.#loaded = content.fingerprint;
      this.#problems = [`${dir}: ${errorMessage(error)}`];
      this.#reloads.broken += 1;
      log.error({ dir, err: traceOf(error) }, 'profiles not reloaded');
    }
  }

  async #load({ files, fingerprint }: DirectoryContent): Promise<keyof ProfilesStatus['reloads']> {
    const { dir, builtIn, tables, log } = this.#options;
    const documents = await runInSlices(profileDocuments(dir, files, this.#names), this.#clock);
    const set = await this.#readProfiles(documents);
    const catalogue = withProfiles(tables, set.profiles, set.own.keys());
    const problems = limited([
      ...documents.problems,
      ...set.problems.map((problem) => fileProblemText(fileProblem(problem))),
      ...problemsOfDefaults(catalogue, tables.defaults).map(problemText),
      ...problemsOfTenancy(catalogue).map(problemText),
    ]);
    const before = this.#catalogue.profiles;
    this.#catalogue = catalogue;
    this.#set = set;
    this.#names = documents.names;
    this.#loaded = fingerprint;
    this.#problems = problems;
    for (const problem of problems) log.error({ dir }, problem);
    for (const profile of set.lastGood)
      log.error({ dir, profile }, 'invalid profile: the last valid version stays in service');
    for (const profile of set.broken) log.error({ dir, profile }, 'invalid profile: not in service');
    for (const profile of set.replaced) log.info({ dir, profile }, 'profile replaces the built-in profile of its name');
    const removed = [...before.keys()].filter((name) => !catalogue.profiles.has(name));
    const own = [...set.own.keys()];
    log.info({ dir, builtIn: builtIn.length, own, removed, problems: problems.length }, 'profiles loaded');
    return problems.length === 0 ? 'sound' : 'broken';
  }

  #readProfiles({ sources, unreadable }: Documents): Promise<ProfileSet> {
    const { builtIn, tables } = this.#options;
    const reading = readProfiles({
      builtIn: builtInSources(builtIn),
      own: sources,
      unreadable,
      previousOwn: this.#set.own,
      previousBuiltIn: this.#set.builtIn,
      slots: new Set(tables.slots.keys()),
    });
    return runInSlices(reading, this.#clock);
  }
}

/** One mistake can cause any number of problems; the log must stay readable. */
const MAX_PROBLEMS = 50;

function limited(problems: readonly string[]): readonly string[] {
  const more = problems.length - MAX_PROBLEMS;
  return more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more problems with profiles`] : problems;
}
