import { isObject, type JsonObject, objectIn } from '../lib/json.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { problemsOfWords } from './earlier-words/find.ts';
import { nameOf } from '../api/profile-resource.ts';
import { baseNameOf, mergeDocuments, problemsInSource } from './extends.ts';
import { parseProfile } from './parse.ts';
import type { Problem, ProfileProblem, ProfileSource } from './problem.ts';
import type { Profile } from './profile.ts';

/** A valid profile, and its document with everything that it inherits. */
export interface ResolvedProfile {
  readonly profile: Profile;
  readonly document: JsonObject;
}

export interface ProfileSources {
  readonly builtIn: readonly ProfileSource[];
  readonly own: readonly ProfileSource[];
  readonly unreadable?: ReadonlySet<string>;
  /** The last valid profiles of users: each replaces a document of its name that is invalid now. */
  readonly previousOwn?: ReadonlyMap<string, ResolvedProfile>;
  readonly previousBuiltIn?: ReadonlyMap<string, ResolvedProfile>;
  readonly slots: ReadonlySet<string>;
}

export interface ProfileSet {
  /** All valid profiles by name: a user's profile instead of the built-in one of its name. */
  readonly profiles: ReadonlyMap<string, Profile>;
  /** The users' profiles among them: `previousOwn` of the next call. */
  readonly own: ReadonlyMap<string, ResolvedProfile>;
  /** The built-in profiles, replaced or not: `previousBuiltIn` of the next call. */
  readonly builtIn: ReadonlyMap<string, ResolvedProfile>;
  readonly problems: readonly ProfileProblem[];
  /** Names of invalid documents with a last valid version, and of those without. */
  readonly lastGood: readonly string[];
  readonly broken: readonly string[];
  /** Names of built-in profiles that a user's profile replaces without extending them. */
  readonly replaced: readonly string[];
}

/**
 * Reads built-in profiles and those of users. A name refers to the user's document if there is one, in `extends` too; that document may extend
 * the built-in profile of its own name. An invalid document is replaced by its last valid version. Without one there is no profile of that name:
 * the built-in profile would lack what the user has specified. Yields after each profile, so that a server can do other work.
 */
export function* readProfiles(sources: ProfileSources): Generator<void, ProfileSet> {
  const resolver = new ProfileResolver(sources);
  for (const entry of resolver.entries()) {
    resolver.resolve(entry);
    yield;
  }
  return resolver.result();
}

export function readAllProfiles(sources: ProfileSources): ProfileSet {
  const reading = readProfiles(sources);
  let step = reading.next();
  while (!step.done) step = reading.next();
  return step.value;
}

type Resolution =
  | { readonly kind: 'valid' | 'last-good'; readonly resolved: ResolvedProfile }
  | { readonly kind: 'broken'; readonly resolved: undefined };

interface Entry {
  readonly name: string;
  readonly isBuiltIn: boolean;
  /** Undefined for a document that cannot be read. */
  readonly source: ProfileSource | undefined;
  resolution: Resolution | undefined;
}

class ProfileResolver {
  readonly #sources: ProfileSources;
  readonly #builtIn: ReadonlyMap<string, Entry>;
  readonly #own: ReadonlyMap<string, Entry>;
  readonly #problems: ProfileProblem[] = [];

  constructor(sources: ProfileSources) {
    this.#sources = sources;
    this.#builtIn = this.#byName(sources.builtIn, true);
    const own = this.#byName(sources.own, false);
    for (const name of sources.unreadable ?? []) {
      if (!own.has(name)) own.set(name, { name, isBuiltIn: false, source: undefined, resolution: undefined });
    }
    this.#own = own;
  }

  entries(): readonly Entry[] {
    return [...new Map([...this.#builtIn, ...this.#own]).values()];
  }

  resolve(entry: Entry): Resolution {
    entry.resolution ??= this.#read(entry) ?? this.#lastValid(entry);
    return entry.resolution;
  }

  result(): ProfileSet {
    const own = [...this.#own.values()].map((entry) => ({ entry, ...this.resolve(entry) }));
    const namesOf = (kind: Resolution['kind']): readonly string[] =>
      own.filter((one) => one.kind === kind).map(({ entry }) => entry.name);
    const resolved = this.entries().flatMap((entry) => this.resolve(entry).resolved ?? []);
    return {
      profiles: new Map(resolved.map(({ profile }) => [profile.name, profile])),
      own: new Map(own.flatMap((one) => (one.resolved ? [[one.entry.name, one.resolved]] : []))),
      builtIn: new Map(
        [...this.#builtIn].flatMap(([name, { resolution }]) =>
          resolution?.resolved ? [[name, resolution.resolved]] : [],
        ),
      ),
      problems: this.#problems,
      lastGood: namesOf('last-good'),
      broken: namesOf('broken'),
      replaced: own
        .filter(({ kind, entry }) => kind === 'valid' && baseNameOf(entry.source?.document) === undefined)
        .map(({ entry }) => entry.name)
        .filter((name) => this.#builtIn.has(name)),
    };
  }

  #byName(sources: readonly ProfileSource[], isBuiltIn: boolean): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const source of sources) {
      const name = nameOf(source.document);
      const first = name === undefined ? undefined : entries.get(name)?.source;
      if (name === undefined) this.#reportNameless(source);
      else if (first)
        this.#report(source, [
          { path: ['metadata', 'name'], message: `"${name}" is already defined in ${first.origin}` },
        ]);
      else entries.set(name, { name, isBuiltIn, source, resolution: undefined });
    }
    return entries;
  }

  /** A document without a name cannot be resolved, so errors in its spec may be wrong: they are left out. */
  #reportNameless(source: ProfileSource): void {
    const parsed = parseProfile(source.document);
    const problems = parsed.ok ? [] : parsed.error;
    this.#report(
      source,
      problems.filter(({ path }) => path[0] !== 'spec'),
    );
  }

  #lastValid({ name, isBuiltIn }: Entry): Resolution {
    const resolved = isBuiltIn ? undefined : this.#sources.previousOwn?.get(name);
    return resolved ? { kind: 'last-good', resolved } : { kind: 'broken', resolved: undefined };
  }

  #read(entry: Entry): Resolution | undefined {
    const document = this.#wholeDocument(entry);
    if (!document || !entry.source) return undefined;
    const known = (entry.isBuiltIn ? this.#sources.previousBuiltIn : this.#sources.previousOwn)?.get(entry.name);
    if (known && isSame(known.document, document)) return { kind: 'valid', resolved: known };
    const parsed = parseProfile(document);
    const problems = [...(parsed.ok ? [] : parsed.error), ...this.#unknownSlots(slotsIn(document))];
    this.#report(entry.source, problems, document);
    return parsed.ok && problems.length === 0
      ? { kind: 'valid', resolved: { profile: parsed.value, document } }
      : undefined;
  }

  #wholeDocument(entry: Entry): JsonObject | undefined {
    const { source } = entry;
    if (!source || !isObject(source.document)) return undefined;
    const earlier = problemsOfWords(source.document);
    if (earlier.length > 0) {
      this.#report(source, earlier);
      return undefined;
    }
    if (baseNameOf(source.document) === undefined) return source.document;
    const cycle = this.#cycleFrom(entry);
    const baseEntry = this.#baseOf(entry);
    const base = cycle === undefined && baseEntry ? this.resolve(baseEntry).resolved : undefined;
    if (!base) {
      this.#report(source, [{ path: ['spec', 'extends'], message: cycle ?? this.#missingBase(entry, baseEntry) }]);
      return undefined;
    }
    const merged = mergeDocuments(base.document, source.document);
    this.#report(source, merged.problems);
    return merged.problems.length > 0 ? undefined : merged.document;
  }

  #baseOf({ name, source, isBuiltIn }: Entry): Entry | undefined {
    const base = baseNameOf(source?.document);
    if (base === undefined) return undefined;
    const own = isBuiltIn || base === name ? undefined : this.#own.get(base);
    return own ?? (isBuiltIn && base === name ? undefined : this.#builtIn.get(base));
  }

  #cycleFrom(entry: Entry): string | undefined {
    const visited = new Set<Entry>();
    let current: Entry | undefined = entry;
    while (current && !visited.has(current)) {
      visited.add(current);
      current = this.#baseOf(current);
    }
    return current === entry ? `extends itself: ${[...visited, entry].map(({ name }) => name).join(' → ')}` : undefined;
  }

  #missingBase(entry: Entry, baseEntry: Entry | undefined): string {
    const base = baseNameOf(entry.source?.document) ?? '';
    if (baseEntry) return `extends "${base}", which has errors itself`;
    if (base === entry.name) return `extends itself, but no built-in profile has the name "${base}"`;
    const others = this.entries().map(({ name }) => name);
    const similar = nearest(
      base,
      others.filter((name) => name !== entry.name),
    );
    return `unknown profile "${base}"${didYouMean(similar)}`;
  }

  #unknownSlots(slots: readonly string[]): readonly Problem[] {
    return slots.flatMap((slot, index) => {
      if (this.#sources.slots.has(slot)) return [];
      const message = `unknown slot "${slot}"${didYouMean(nearest(slot, this.#sources.slots))}`;
      return [{ path: ['spec', 'slots', index], message }];
    });
  }

  #report(source: ProfileSource, problems: readonly Problem[], whole?: JsonObject): void {
    this.#problems.push(...problemsInSource(source, problems, whole));
  }
}

/** The slots of a document, as far as they can be read. */
function slotsIn(document: JsonObject): readonly string[] {
  const slots = objectIn(document, 'spec')['slots'];
  return Array.isArray(slots) && slots.every((one) => typeof one === 'string') ? slots : [];
}

/** A profile depends on nothing but its document, so equal documents make equal profiles. */
function isSame(one: JsonObject, other: JsonObject): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
