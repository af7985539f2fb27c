import { type Clock, systemClock } from '../lib/clock.ts';
import { coalesce } from '../lib/coalesce.ts';
import { errorMessage } from '../lib/error-message.ts';
import { type JsonObject, objectIn } from '../lib/json.ts';
import type { Logger } from '../lib/logger.ts';
import { listed } from '../lib/text.ts';
import { type Catalogue, problemText, withProfiles } from '../profiles/catalogue.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import type { ProfileSource } from '../profiles/problem.ts';
import type { Profile } from '../profiles/profile.ts';
import type { ProfileSet, ResolvedProfile } from '../profiles/read-profiles.ts';
import { nameOf, type ProfileResource } from '../api/profile-resource.ts';
import { runInSlices } from './slices.ts';

/** The catalogue without resources, and the documents of its profiles that are not built in. */
export interface BaseProfiles {
  readonly catalogue: Catalogue;
  readonly own: ReadonlyMap<string, ResolvedProfile>;
}

/** What became of a resource. */
export interface ProfileState {
  readonly uid: string;
  readonly generation: number;
  /** `kept`: this generation is not sound, and an earlier one stays in service. */
  readonly accepted: 'yes' | 'kept' | 'no';
  readonly problems: readonly string[];
  /** Of the version in service. */
  readonly hash: string | undefined;
}

export interface ResourceProfilesOptions {
  readonly base: () => BaseProfiles;
  readonly resources: () => Iterable<ProfileResource>;
  /** Called for each profile before it is in service, for what reviews would have to find out otherwise. */
  readonly prepare?: (profile: Profile) => unknown;
  readonly log: Logger;
  readonly clock?: Clock;
}

interface Loaded {
  readonly base: BaseProfiles;
  readonly resources: readonly ProfileResource[];
  readonly set: ProfileSet;
  readonly states: ReadonlyMap<string, ProfileState>;
}

const MAX_PROBLEMS = 3;

/** Resources that are judged or wait for it. */
const MAX_WAITING = 16;

/**
 * A catalogue with the AgentProfiles that are resources of the cluster. One replaces the profile of its name that is built in or from a file, and may
 * extend it. A generation that is not sound leaves the last sound one in service.
 */
export class ResourceProfiles {
  readonly #options: ResourceProfilesOptions;
  readonly #clock: Clock;
  readonly #refresh = coalesce(() => this.#load());
  #loaded: Loaded | undefined;
  #waiting = 0;
  #turn: Promise<void> = Promise.resolve();
  #merged: { readonly from: Catalogue; readonly loaded: Loaded; readonly catalogue: Catalogue } | undefined;

  constructor(options: ResourceProfilesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Reads the resources again. Resolves when they are in service; never rejects. */
  refresh(): Promise<void> {
    return this.#refresh();
  }

  /** The same object until a profile changes. */
  catalogue(): Catalogue {
    const base = this.#options.base();
    const loaded = this.#loaded;
    if (!loaded) return base.catalogue;
    // The files have changed, and what extends them follows; until then it is as it was.
    if (loaded.base.own !== base.own) void this.refresh();
    if (this.#merged?.from !== base.catalogue || this.#merged.loaded !== loaded)
      this.#merged = { from: base.catalogue, loaded, catalogue: merge(base.catalogue, loaded.set) };
    return this.#merged.catalogue;
  }

  /** By name. */
  states(): ReadonlyMap<string, ProfileState> {
    return this.#loaded?.states ?? new Map();
  }

  problems(): readonly string[] {
    return [...this.states()].flatMap(([name, { accepted, problems }]) =>
      accepted === 'yes' ? [] : [`AgentProfile ${name}: ${listed(problems, MAX_PROBLEMS)}`],
    );
  }

  /**
   * What would be wrong with a resource if it were there, one line for each problem. Changes nothing. One after the other, and nothing is said of one
   * for which too many wait: each costs as much as reading all profiles, and reviews go first.
   */
  async problemsOf(resource: ProfileResource): Promise<readonly string[]> {
    if (this.#waiting >= MAX_WAITING) return [];
    this.#waiting += 1;
    const turn = this.#turn.then(() => this.#judge(resource));
    this.#turn = turn.then(
      () => this.#judged(),
      () => this.#judged(),
    );
    return turn;
  }

  #judged(): void {
    this.#waiting -= 1;
  }

  async #judge(resource: ProfileResource): Promise<readonly string[]> {
    const others = [...this.#options.resources()].filter(({ name }) => name !== resource.name);
    const set = await this.#read([...others, resource], this.#options.base(), this.#loaded);
    return statesOf([resource], set).get(resource.name)?.problems ?? [];
  }

  async #load(): Promise<void> {
    try {
      const resources = [...this.#options.resources()];
      if (resources.length === 0 && !this.#loaded) return;
      const base = this.#options.base();
      const before = this.#loaded;
      if (before && isSame(before, base, resources)) return;
      const set = resources.length === 0 ? undefined : await this.#read(resources, base, before);
      if (set) await runInSlices(this.#prepared(set), this.#clock);
      this.#loaded = set && { base, resources, set, states: statesOf(resources, set) };
      this.#logLoaded(before);
    } catch (error) {
      // Not expected for any document: the server goes on with the profiles that it has.
      this.#options.log.error({}, `AgentProfiles not read: ${errorMessage(error)}`);
    }
  }

  *#prepared({ own }: ProfileSet): Generator<void, void> {
    for (const { profile } of own.values()) {
      this.#options.prepare?.(profile);
      yield;
    }
  }

  async #read(
    resources: readonly ProfileResource[],
    base: BaseProfiles,
    before: Loaded | undefined,
  ): Promise<ProfileSet> {
    // Loaded on demand: without resources, no profile has to be parsed.
    const { builtInDocuments } = await import('./builtin-documents.ts');
    const { builtInSources } = await import('./read-catalogue.ts');
    const { readProfiles } = await import('../profiles/read-profiles.ts');
    const below = [...base.own].map(([name, { document }]) => [name, withoutBase(document)] as const);
    const replaced = new Set(below.map(([name]) => name));
    const builtIn = builtInSources(builtInDocuments.profiles).filter(
      ({ document }) => !replaced.has(nameOf(document) ?? ''),
    );
    const same = new Set(
      resources.filter(({ name, uid }) => before?.states.get(name)?.uid === uid).map(({ name }) => name),
    );
    const reading = readProfiles({
      builtIn: [...builtIn, ...below.map(([, document]): ProfileSource => ({ origin: 'file', document }))],
      own: resources.map(({ document }): ProfileSource => ({ origin: 'AgentProfile', document })),
      previousOwn: new Map([...(before?.set.own ?? [])].filter(([name]) => same.has(name))),
      previousBuiltIn: before?.set.builtIn ?? new Map(),
      slots: new Set(base.catalogue.slots.keys()),
    });
    return runInSlices(reading, this.#clock);
  }

  #logLoaded(before: Loaded | undefined): void {
    const { log } = this.#options;
    const known = new Set(before ? problemLines(before.states) : []);
    for (const line of problemLines(this.states())) if (!known.has(line)) log.error({}, line);
    log.info({ profiles: this.states().size, problems: this.problems().length }, 'AgentProfiles of the cluster read');
  }
}

/** After a change that is not about the profiles, such as one of their status: decisions by the catalogue stay known. */
function isSame({ base, resources }: Loaded, nowBase: BaseProfiles, now: readonly ProfileResource[]): boolean {
  return (
    base.own === nowBase.own &&
    base.catalogue.slots === nowBase.catalogue.slots &&
    resources.length === now.length &&
    resources.every((one, index) => one === now[index])
  );
}

function problemLines(states: Loaded['states']): readonly string[] {
  return [...states].flatMap(([name, { accepted, problems }]) =>
    problems.map((problem) =>
      accepted === 'kept'
        ? `AgentProfile ${name}: ${problem}; the last sound generation stays in service`
        : `AgentProfile ${name}: ${problem}`,
    ),
  );
}

function statesOf(resources: readonly ProfileResource[], set: ProfileSet): Loaded['states'] {
  const problems = new Map<string, string[]>();
  for (const problem of set.problems) {
    const { source, path, message } = problem;
    const name = nameOf(source.document) ?? '';
    problems.set(name, [...(problems.get(name) ?? []), problemText({ path, message })]);
  }
  const kept = new Set(set.lastGood);
  const broken = new Set(set.broken);
  return new Map(
    resources.map(({ name, uid, generation }): [string, ProfileState] => {
      const resolved = set.own.get(name);
      const accepted = broken.has(name) ? 'no' : kept.has(name) ? 'kept' : 'yes';
      const hash = resolved && profileHash(resolved.profile);
      return [name, { uid, generation, accepted, problems: problems.get(name) ?? [], hash }];
    }),
  );
}

function merge(base: Catalogue, { own, broken }: ProfileSet): Catalogue {
  const profiles = new Map(base.profiles);
  // As with files: what is built in would lack what the resource says.
  for (const name of broken) profiles.delete(name);
  for (const [name, { profile }] of own) profiles.set(name, profile);
  return withProfiles(base, profiles, [...base.own, ...own.keys()]);
}

/** A document that has everything it inherits, to be extended itself. */
function withoutBase(document: JsonObject): JsonObject {
  const { extends: _base, ...spec } = objectIn(document, 'spec');
  return { ...document, spec };
}
