import type { Clock } from '../lib/clock.ts';
import { canSee, seesNothing, type Sight } from '../page/visible.ts';
import { isDnsLabel } from '../kubernetes/names.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import type { ProfileList, Session } from '../page/wire.ts';
import type { Refusal, Viewer } from './access.ts';
import type { Refresher, Rendered } from './refresher.ts';
import type { PageSource } from './source.ts';
import { TimedCache } from './timed-cache.ts';

/** An answer before it is JSON. */
export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | ({ readonly kind: 'rendered' } & Rendered)
  | { readonly kind: 'refused'; readonly refusal: Refusal };

interface Asked {
  readonly query: URLSearchParams;
  readonly viewer: Viewer;
  readonly sight: Sight;
}

/** What pods, profiles and metrics are read for at the same time, beside the overview. */
const AT_ONCE = 8;

const KEPT_MS = 2000;

const MAX_KEPT = 64;

/** The data of the page, each part cut down to what the viewer may see. */
export class Api {
  readonly #source: PageSource;
  readonly #refresher: Refresher;
  readonly #cache: TimedCache<unknown>;

  constructor(source: PageSource, refresher: Refresher, clock: Clock) {
    this.#source = source;
    this.#refresher = refresher;
    this.#cache = new TimedCache({ clock, keptMs: KEPT_MS, maxEntries: MAX_KEPT, maxPending: AT_ONCE });
  }

  /** Undefined for a name that is not part of the API. */
  async answer(name: string, query: URLSearchParams, viewer: Viewer): Promise<Answer | undefined> {
    const part = Object.hasOwn(this.#parts, name) ? this.#parts[name] : undefined;
    if (!part) return undefined;
    const sight = await viewer.sight();
    return seesNothing(sight) && name !== 'session' ? SEES_NOTHING : part({ query, viewer, sight });
  }

  readonly #parts: Readonly<Record<string, (asked: Asked) => Promise<Answer>>> = {
    session: async ({ viewer, sight }) => value(await this.#session(viewer, sight)),
    overview: async ({ sight }) => ({ kind: 'rendered', ...(await this.#refresher.renderedFor(sight)) }),
    pods: (asked) => this.#within(asked, 'pods', ({ namespace, workload }) => this.#source.pods(namespace, workload)),
    pod: (asked) =>
      this.#within(asked, 'pod', ({ namespace, name, workload }) =>
        this.#source.pod({ namespace, name: name || undefined, workload: workload || undefined }),
      ),
    profiles: ({ sight }) =>
      this.#shared(
        'profiles',
        () => this.#source.profiles(),
        (all) => visibleProfiles(all, sight),
      ),
    // What the server does for all namespaces is for those who see all of them.
    now: ({ sight }) => (sight.isOfAll ? this.#now() : Promise.resolve(NOT_FOUND)),
    try: ({ sight }) =>
      this.#shared(
        'try',
        () => this.#source.try(),
        (settings) => ({
          ...settings,
          namespaces: settings.namespaces.filter(({ name }: Namespace) => canSee(sight, name)),
        }),
      ),
  };

  #now(): Promise<Answer> {
    return this.#shared(
      'now',
      () => this.#source.now(),
      (now) => now,
    );
  }

  async #session({ user }: Viewer, sight: Sight): Promise<Session> {
    const { from, place } = this.#source;
    const namespaces = await this.#source.namespaces();
    return {
      user: user ?? (await this.#source.user()),
      from,
      place,
      version: VERSION,
      namespaces: namespaces.filter((name) => canSee(sight, name)),
      hasMetrics: sight.isOfAll && (await this.#now()).kind === 'value',
    };
  }

  async #within(
    { query, sight }: Asked,
    part: string,
    read: (names: { readonly namespace: string; readonly name: string; readonly workload: string }) => Promise<unknown>,
  ): Promise<Answer> {
    const [namespace = '', name = '', workload = ''] = ['namespace', 'name', 'workload'].map(
      (key) => query.get(key) ?? '',
    );
    if (!areNames(namespace, name, workload)) return BAD_REQUEST;
    if (!canSee(sight, namespace)) return forbidden(namespace);
    return this.#shared(
      JSON.stringify([part, namespace, name, workload]),
      () => read({ namespace, name, workload }),
      (found) => found,
    );
  }

  /** Reads once for all who ask at the same time. `visible`: the part for this viewer. */
  async #shared<Value>(
    key: string,
    read: () => Promise<Value>,
    visible: (found: Value & {}) => unknown,
  ): Promise<Answer> {
    const found = await this.#cache.get(key, async () => ({ found: await read() }));
    if (found === undefined) return BUSY;
    // The cache has values of several kinds; what is under a key was read by the same function.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { found: inner } = found as { readonly found: Value };
    return inner === undefined || inner === null ? NOT_FOUND : value(visible(inner));
  }
}

function value(of: unknown): Answer {
  return { kind: 'value', value: of };
}

function refusal(status: Refusal['status'], code: Refusal['code'], message: string): Answer {
  return { kind: 'refused', refusal: { status, code, message } };
}

const BUSY = refusal(503, 'busy', 'too much is being read at once: try again');

const NOT_FOUND = refusal(404, 'not-found', 'there is nothing of that name');

const BAD_REQUEST = refusal(400, 'bad-request', 'namespace, and name or workload as KIND/NAME, are required');

const SEES_NOTHING = refusal(403, 'forbidden', 'you may not list the pods of any namespace');

/** Also for one that does not exist. */
function forbidden(namespace: string): Answer {
  return refusal(403, 'forbidden', `you may not list the pods of namespace ${namespace}`);
}

/** Names become part of paths of the API server. */
function areNames(namespace: string, name: string, workload: string): boolean {
  return (
    isDnsLabel(namespace) &&
    (name === '' ? workload !== '' : OBJECT_NAME.test(name)) &&
    (workload === '' || /^[A-Z][A-Za-z]{0,62}\/[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9*])?$/.test(workload))
  );
}

const OBJECT_NAME = /^[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9*])?$/;

function visibleProfiles({ profiles }: ProfileList, sight: Sight): ProfileList {
  return {
    profiles: profiles.map((one) => ({
      ...one,
      usedBy: one.usedBy.filter(({ namespace }) => canSee(sight, namespace)),
    })),
  };
}
