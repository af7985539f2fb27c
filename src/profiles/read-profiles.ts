import { isObject, type JsonObject } from '../lib/json.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { baseOf, mergeOver, nameOf, pathInOwn } from './extends.ts';
import { readProfile } from './parse.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';

/** A profile's document as written, and what its place is called in messages: a file, or what ships with the product. */
export interface ProfileSource {
  readonly origin: string;
  readonly document: unknown;
}

/** A sound profile, with the whole document that it was read from: what others that extend it are laid over. */
export interface SoundProfile {
  readonly profile: Profile;
  readonly document: JsonObject;
}

export interface ProfileProblem extends Problem {
  readonly source: ProfileSource;
  /** The same path as far as the source itself goes: the rest of it may be inherited. */
  readonly own: readonly PropertyKey[];
}

export interface ProfileSources {
  readonly builtIn: readonly ProfileSource[];
  readonly own: readonly ProfileSource[];
  /** Names whose document is there but cannot be read at all. */
  readonly unreadable?: ReadonlySet<string>;
  /** The profiles of users as they were last sound: each goes on for a document of its name that is broken now. */
  readonly last?: ReadonlyMap<string, SoundProfile>;
  /** Those that ship, as they were read before. */
  readonly shipped?: ReadonlyMap<string, SoundProfile>;
  /** The names of all slots. */
  readonly slots: ReadonlySet<string>;
}

export interface ProfileSet {
  /** What there is to choose from. */
  readonly profiles: ReadonlyMap<string, Profile>;
  /** The users' among them, to be given back as `last`. */
  readonly own: ReadonlyMap<string, SoundProfile>;
  /** Those that ship, whether a user's stands in their place or not, to be given back as `shipped`. */
  readonly builtIn: ReadonlyMap<string, SoundProfile>;
  readonly problems: readonly ProfileProblem[];
  /** Names of broken documents: those whose last sound version goes on, and those without any. */
  readonly lastGood: readonly string[];
  readonly broken: readonly string[];
  /** Names of built-in profiles in whose place stands one that does not extend them. */
  readonly replaced: readonly string[];
}

/**
 * Reads the profiles that ship and those of users. A name means the user's document where there is one: it may extend the built-in profile of
 * its own name, and others that extend this name extend it. While a document is broken, its name means what it last meant; if it never meant
 * anything, nothing: a built-in profile in its place would lack what the user has laid down. Yields after each profile, so that a server can
 * attend to something else.
 */
export function* readProfiles(sources: ProfileSources): Generator<void, ProfileSet> {
  const reading = new Reading(sources);
  for (const entry of reading.entries()) {
    reading.outcomeOf(entry);
    yield;
  }
  return reading.result();
}

type Outcome =
  | { readonly kind: 'sound' | 'last-good'; readonly sound: SoundProfile }
  | { readonly kind: 'broken'; readonly sound: undefined };

/** A name in a layer. Shipped profiles are the layer below, those of users the one above: by its own name a document extends the one below. */
interface Entry {
  readonly name: string;
  /** Undefined: it is there, but cannot be read. */
  readonly source: ProfileSource | undefined;
  readonly below: Layer | undefined;
  outcome: Outcome | undefined;
}

interface Layer {
  readonly entries: Map<string, Entry>;
  readonly below: Layer | undefined;
}

class Reading {
  private readonly sources: ProfileSources;
  private readonly builtIn: Layer = { entries: new Map(), below: undefined };
  private readonly own: Layer = { entries: new Map(), below: this.builtIn };
  private readonly problems: ProfileProblem[] = [];

  constructor(sources: ProfileSources) {
    this.sources = sources;
    this.fill(this.builtIn, sources.builtIn);
    this.fill(this.own, sources.own);
    for (const name of sources.unreadable ?? []) {
      if (!this.own.entries.has(name)) this.enter(this.own, name, undefined);
    }
  }

  /** Every name, once, with what it means seen from above. */
  entries(): readonly Entry[] {
    return [...new Map([...this.builtIn.entries, ...this.own.entries]).values()];
  }

  outcomeOf(entry: Entry): Outcome {
    entry.outcome ??= this.read(entry) ?? this.fallback(entry);
    return entry.outcome;
  }

  result(): ProfileSet {
    const own = [...this.own.entries.values()].map((entry) => ({ entry, ...this.outcomeOf(entry) }));
    const named = (kind: Outcome['kind']): readonly string[] =>
      own.filter((one) => one.kind === kind).map(({ entry }) => entry.name);
    const sound = this.entries().flatMap((entry) => this.outcomeOf(entry).sound ?? []);
    return {
      profiles: new Map(sound.map(({ profile }) => [profile.name, profile])),
      own: new Map(own.flatMap((one) => (one.sound ? [[one.entry.name, one.sound]] : []))),
      builtIn: new Map(
        [...this.builtIn.entries].flatMap(([name, { outcome }]) => (outcome?.sound ? [[name, outcome.sound]] : [])),
      ),
      problems: this.problems,
      lastGood: named('last-good'),
      broken: named('broken'),
      replaced: own
        .filter(({ kind, entry }) => kind === 'sound' && baseOf(entry.source?.document) === undefined)
        .map(({ entry }) => entry.name)
        .filter((name) => this.builtIn.entries.has(name)),
    };
  }

  /** Of two documents with one name the first counts. */
  private fill(layer: Layer, sources: readonly ProfileSource[]): void {
    for (const source of sources) {
      const name = nameOf(source.document);
      const other = name === undefined ? undefined : layer.entries.get(name)?.source;
      if (name === undefined) this.sayNameless(source);
      else if (other)
        this.say(source, [{ path: ['metadata', 'name'], message: `"${name}" stands in ${other.origin}, too` }]);
      else this.enter(layer, name, source);
    }
  }

  private enter(layer: Layer, name: string, source: ProfileSource | undefined): void {
    layer.entries.set(name, { name, source, below: layer.below, outcome: undefined });
  }

  /** What is wrong inside does not matter before it has a name. */
  private sayNameless(source: ProfileSource): void {
    const read = readProfile(source.document);
    const problems = read.ok ? [] : read.problems;
    this.say(
      source,
      problems.filter(({ path }) => path[0] !== 'spec'),
    );
  }

  private fallback({ name, below }: Entry): Outcome {
    const sound = below ? this.sources.last?.get(name) : undefined;
    return sound ? { kind: 'last-good', sound } : { kind: 'broken', sound: undefined };
  }

  /** What is sound now, or undefined, and then its problems have been noted. */
  private read(entry: Entry): Outcome | undefined {
    const document = this.wholeDocument(entry);
    if (!document || !entry.source) return undefined;
    const known = (entry.below ? this.sources.last : this.sources.shipped)?.get(entry.name);
    if (known && isSame(known.document, document)) return { kind: 'sound', sound: known };
    const read = readProfile(document);
    const problems = read.ok ? this.problemsOfSlots(read.profile) : read.problems;
    this.say(entry.source, problems, document);
    return read.ok && problems.length === 0 ? { kind: 'sound', sound: { profile: read.profile, document } } : undefined;
  }

  /** The document with what it inherits. */
  private wholeDocument(entry: Entry): JsonObject | undefined {
    const { source } = entry;
    if (!source || !isObject(source.document)) return undefined;
    if (baseOf(source.document) === undefined) return source.document;
    const ring = this.ringOf(entry);
    const next = this.nextOf(entry);
    const base = ring === undefined && next ? this.outcomeOf(next).sound : undefined;
    if (!base) {
      this.say(source, [{ path: ['spec', 'extends'], message: ring ?? this.noBase(entry, next) }]);
      return undefined;
    }
    const laid = mergeOver(base.document, source.document);
    this.say(source, laid.problems);
    return laid.problems.length > 0 ? undefined : laid.document;
  }

  /** What an entry extends; undefined where it extends nothing, or nothing that there is. */
  private nextOf({ name, source, below }: Entry): Entry | undefined {
    const base = baseOf(source?.document);
    if (base === undefined) return undefined;
    const own = below && base !== name ? this.own.entries.get(base) : undefined;
    return own ?? (below === undefined && base === name ? undefined : this.builtIn.entries.get(base));
  }

  /** The way from an entry back to itself, as a message; undefined where there is none. */
  private ringOf(entry: Entry): string | undefined {
    const way = new Set<Entry>();
    let at: Entry | undefined = entry;
    while (at && !way.has(at)) {
      way.add(at);
      at = this.nextOf(at);
    }
    return at === entry ? `extends itself: ${[...way, entry].map(({ name }) => name).join(' → ')}` : undefined;
  }

  private noBase(entry: Entry, next: Entry | undefined): string {
    const base = baseOf(entry.source?.document) ?? '';
    if (next) return `extends "${base}", which is broken itself`;
    if (base === entry.name) return `extends itself, and no profile "${base}" is built in`;
    const others = this.entries().map(({ name }) => name);
    return `no profile "${base}"${didYouMean(
      nearest(
        base,
        others.filter((name) => name !== entry.name),
      ),
    )}`;
  }

  private problemsOfSlots({ slots }: Profile): readonly Problem[] {
    return slots.flatMap((slot, index) => {
      if (this.sources.slots.has(slot)) return [];
      const message = `"${slot}" is no known slot${didYouMean(nearest(slot, this.sources.slots))}`;
      return [{ path: ['spec', 'slots', index], message }];
    });
  }

  private say(source: ProfileSource, problems: readonly Problem[], whole?: JsonObject): void {
    const { document } = source;
    const toOwn = (path: readonly PropertyKey[]): readonly PropertyKey[] =>
      isObject(document) ? pathInOwn(document, whole ?? document, path) : [];
    this.problems.push(...problems.map((problem) => ({ ...problem, source, own: toOwn(problem.path) })));
  }
}

/** Nothing but the document goes into a profile: of the same one the same is made. */
function isSame(one: JsonObject, other: JsonObject): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
