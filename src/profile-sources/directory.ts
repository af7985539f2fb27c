import type { Logger } from '../lib/logger.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { traceOf } from '../lib/stack-trace.ts';
import { type Catalogue, problemText, type CatalogueTables, withProfiles } from '../profiles/catalogue.ts';
import { type ProfileSet, readProfiles } from '../profiles/read-profiles.ts';
import { problemsOfDefaults } from '../settings/defaults.ts';
import { type Documents, profileDocuments } from './directory-documents.ts';
import { type DirectoryReading, readDirectory } from './directory-reader.ts';
import { builtInSources } from './read-catalogue.ts';

export interface ProfileDirectoryOptions {
  readonly dir: string;
  /** The documents that ship, and what there is besides profiles; its defaults are the cluster's. */
  readonly builtIn: readonly unknown[];
  readonly tables: CatalogueTables;
  readonly log: Logger;
  /** How long to go without a look, in milliseconds. */
  readonly everyMs?: number;
}

/** For metrics: what is served, and how updates went. */
export interface ProfilesStatus {
  readonly profiles: {
    /** As they ship. */
    readonly 'built-in': number;
    /** As users wrote them. */
    readonly user: number;
    /** As users wrote them before: their documents are broken now. */
    readonly 'last-good': number;
    /** Not served: their documents are broken, and never were sound. */
    readonly broken: number;
  };
  readonly problems: number;
  /** Updates that were taken, by whether all in them was sound. */
  readonly reloads: { readonly sound: number; readonly broken: number };
}

type Whole = Extract<DirectoryReading, { ok: true }>;

const LOOK_EVERY_MS = 2000;

/** Whoever writes files one by one, or one in pieces, has done so by then. */
const SETTLE_MS = 100;

/** For so long a server may attend to nothing else. */
const MAX_TURN_MS = 5;

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
 * The profiles in a directory beside those that ship, read again when something there changes. What is broken does not count: a profile goes on
 * as it was last sound. The catalogue changes from one whole to the next, in one step.
 */
export class ProfileDirectory {
  private readonly options: ProfileDirectoryOptions;
  private current: Catalogue;
  private set: ProfileSet = EMPTY;
  private names: Documents['names'] = new Map();
  private taken: string | undefined;
  private seen: string | undefined;
  private broken: readonly string[] = [];
  private unreadable: string | undefined;
  private readonly reloads = { sound: 0, broken: 0 };
  private checking: Promise<void> | undefined;
  private cancelCheck = (): void => {};
  private stopped = false;

  private constructor(options: ProfileDirectoryOptions) {
    this.options = options;
    this.current = withProfiles(options.tables, EMPTY.profiles);
  }

  /** Reads the directory for the first time. Throws an Error with a sentence when it cannot be read at all. */
  static async open(options: ProfileDirectoryOptions): Promise<ProfileDirectory> {
    const directory = new ProfileDirectory(options);
    const reading = await readDirectory(options.dir);
    if (!reading.ok) throw new Error(reading.problem);
    await directory.take(reading);
    return directory;
  }

  /** Begins to look again and again; `stop` ends it. */
  watch(): this {
    this.checkAfter(this.options.everyMs ?? LOOK_EVERY_MS);
    return this;
  }

  catalogue(): Catalogue {
    return this.current;
  }

  /** What is wrong at this moment, a line each. */
  problems(): readonly string[] {
    return [...(this.unreadable === undefined ? [] : [this.unreadable]), ...this.broken];
  }

  status(): ProfilesStatus {
    const { lastGood, broken, own } = this.set;
    return {
      profiles: {
        'built-in': this.current.profiles.size - own.size,
        user: own.size - lastGood.length,
        'last-good': lastGood.length,
        broken: broken.length,
      },
      problems: this.problems().length,
      reloads: this.reloads,
    };
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelCheck();
    await this.checking;
  }

  private checkAfter(ms: number): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.checking = this.check().then((nextMs) => this.checkAfter(nextMs));
    }, ms);
    this.cancelCheck = () => {
      clearTimeout(timer);
    };
  }

  /** Takes what has changed, if anything; gives back when to look again. Never rejects. */
  private async check(): Promise<number> {
    const { dir, log, everyMs = LOOK_EVERY_MS } = this.options;
    const reading = await readDirectory(dir);
    const before = this.unreadable;
    this.unreadable = reading.ok ? undefined : reading.problem;
    if (!reading.ok) {
      if (reading.problem !== before) log.error({ dir }, `profiles stay as they are: ${reading.problem}`);
      return everyMs;
    }
    if (before !== undefined) log.info({ dir }, 'the profiles can be read again');
    if (reading.fingerprint === this.taken) return everyMs;
    const isSettled = reading.isWhole || reading.fingerprint === this.seen;
    this.seen = reading.fingerprint;
    if (!isSettled) return SETTLE_MS;
    await this.reload(reading);
    return everyMs;
  }

  private async reload(reading: Whole): Promise<void> {
    const { dir, log } = this.options;
    try {
      this.reloads[await this.take(reading)] += 1;
    } catch (error) {
      // No document can do this; if ours can, the server goes on with what it has, and says so once.
      this.taken = reading.fingerprint;
      this.broken = [`${dir}: ${error instanceof Error ? error.message : String(error)}`];
      this.reloads.broken += 1;
      log.error({ dir, err: traceOf(error) }, 'profiles stay as they are');
    }
  }

  /** Makes a catalogue of what was read, and puts it in the place of the one before. */
  private async take({ files, fingerprint }: Whole): Promise<keyof ProfilesStatus['reloads']> {
    const { dir, builtIn, tables, log } = this.options;
    const documents = await inTurns(profileDocuments(dir, files, this.names));
    const set = await this.read(documents);
    const catalogue = withProfiles(tables, set.profiles);
    const problems = foremost([
      ...documents.problems,
      ...set.problems.map(documents.textOf),
      ...problemsOfDefaults(catalogue, tables.defaults).map(problemText),
    ]);
    const before = this.current.profiles;
    this.current = catalogue;
    this.set = set;
    this.names = documents.names;
    this.taken = fingerprint;
    this.broken = problems;
    for (const problem of problems) log.error({ dir }, problem);
    for (const name of set.lastGood) log.error({ dir, profile: name }, 'a broken profile goes on as it was last sound');
    for (const name of set.broken) log.error({ dir, profile: name }, 'a broken profile is not served');
    for (const name of set.replaced)
      log.info({ dir, profile: name }, 'a profile of this name stands in the place of the built-in one');
    const removed = [...before.keys()].filter((name) => !catalogue.profiles.has(name));
    log.info(
      { dir, builtIn: builtIn.length, own: [...set.own.keys()], removed, problems: problems.length },
      'profiles taken',
    );
    return problems.length === 0 ? 'sound' : 'broken';
  }

  private read({ sources, unreadable }: Documents): Promise<ProfileSet> {
    const { builtIn, tables } = this.options;
    const reading = readProfiles({
      builtIn: builtInSources(builtIn),
      own: sources,
      unreadable,
      last: this.set.own,
      shipped: this.set.builtIn,
      slots: new Set(tables.slots.keys()),
    });
    return inTurns(reading);
  }
}

/** Nobody reads more at once, and a log must not drown in one mistake. */
const MAX_LOGGED_PROBLEMS = 50;

function foremost(problems: readonly string[]): readonly string[] {
  const more = problems.length - MAX_LOGGED_PROBLEMS;
  return more > 0 ? [...problems.slice(0, MAX_LOGGED_PROBLEMS), `and ${more} more problems of profiles`] : problems;
}

/** Does the work step by step, and gives way to others between. */
async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - since < MAX_TURN_MS) continue;
    // oxlint-disable-next-line eslint/no-await-in-loop -- reviews come first
    await nextTurn();
    since = performance.now();
  }
}
