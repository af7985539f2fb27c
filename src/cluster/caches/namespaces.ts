import { NAMESPACE_NAME_LABEL } from '../../kubernetes/labels.ts';
import type { Namespace, NamespaceLookup } from '../../kubernetes/namespace.ts';
import { systemClock } from '../../lib/clock.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ProblemLog } from '../../lib/logger.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import { BoundedStore } from '../watch/store.ts';
import type { CacheOptions } from './cache.ts';
import { MisspelledLabelLog } from './misspelled-label-log.ts';
import { defaultLookupLimits, type LookupLimits, NamespaceLookups } from './namespace-lookup.ts';
import { sizeOfNamespace, toNamespace, toServedNamespace } from './namespace-object.ts';

export interface NamespacesStatus extends ReflectorStatus {
  /** Number of namespaces that are not injected because their label is misspelled. */
  readonly mislabelled: number;
}

/** Source of namespaces. Names are data: `__proto__` is a name like any other. */
export interface NamespaceSource {
  /** Returns the cached namespace: no I/O. */
  get(name: string): Namespace | undefined;
  /**
   * Returns the namespace, from the API server if it is not cached, within `deadlineMs`. Never rejects; the load on the API server is bounded. A
   * name that does not exist is cached for a moment.
   */
  fetch(name: string, deadlineMs: number): Promise<NamespaceLookup>;
  /** Like `fetch`, for a required pod: the cached state is not used, and the lookup has a share of its own. */
  fetchLatest(name: string, deadlineMs: number): Promise<NamespaceLookup>;
  whenSynced(): Promise<void>;
  status(): NamespacesStatus;
  /** Resolves when no request and no timer is left. */
  stop(): Promise<void>;
}

/** Enough for 4,000 namespaces with as much of ours as is kept of one. */
const MAX_STORED = 32 * 1024 * 1024;

const FULL =
  'the namespaces have too many annotations of agent-injector to keep all: some are requested for each review';

export interface ClusterNamespacesOptions extends CacheOptions {
  readonly limits?: Partial<LookupLimits>;
  /** Characters of all namespaces that are kept. */
  readonly maxStored?: number;
}

/**
 * Mirrors the namespaces of a cluster. `get` returns nothing until `status().synced`, and after that the last known state, however long the API
 * server is unavailable. Needs get, list and watch of namespaces.
 */
export class ClusterNamespaces implements NamespaceSource {
  readonly #reflector: Reflector<Namespace | undefined>;
  readonly #lookups: NamespaceLookups;
  readonly #misspelled: MisspelledLabelLog;

  constructor(client: KubeClient, { limits, maxStored = MAX_STORED, ...options }: ClusterNamespacesOptions) {
    this.#misspelled = new MisspelledLabelLog(options.logger);
    const full = new ProblemLog(options.logger, options.clock ?? systemClock);
    this.#reflector = new Reflector({
      ...options,
      client,
      path: '/api/v1/namespaces',
      metadataOnly: true,
      transform: (object) => this.#transform(object),
      createStore: () =>
        new BoundedStore<Namespace | undefined>({
          limit: maxStored,
          sizeOf: (namespace) => (namespace ? sizeOfNamespace(namespace) : 0),
          substitute: undefined,
          onFull: () => full.report({}, FULL),
        }),
    });
    this.#lookups = new NamespaceLookups(client, options.clock ?? systemClock, { ...defaultLookupLimits, ...limits });
  }

  start(): this {
    this.#reflector.start();
    return this;
  }

  get(name: string): Namespace | undefined {
    return this.#reflector.get(name);
  }

  async fetch(name: string, deadlineMs: number): Promise<NamespaceLookup> {
    const namespace = this.get(name);
    return namespace ? { kind: 'found', namespace } : this.#lookups.fetch(name, deadlineMs);
  }

  fetchLatest(name: string, deadlineMs: number): Promise<NamespaceLookup> {
    return this.#lookups.fetch(name, deadlineMs, this.get(name) ? 'known' : 'required');
  }

  whenSynced(): Promise<void> {
    return this.#reflector.whenSynced();
  }

  status(): NamespacesStatus {
    const status = this.#reflector.status();
    // While the first list is being read, its namespaces are logged but not stored yet.
    const mislabelled = this.#misspelled.count((name) => !status.synced || this.get(name) !== undefined);
    return { ...status, mislabelled };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#reflector.stop(), this.#lookups.stop()]);
  }

  #transform(object: JsonObject): Namespace | undefined {
    const namespace = toServedNamespace(object);
    if (namespace) this.#misspelled.check(namespace);
    return namespace;
  }
}

/** Reads the Namespaces from manifests and ignores other objects. Of two with one name the last counts. */
export function namespacesFromObjects(objects: readonly JsonObject[]): NamespaceSource {
  const all = new Map<string, Namespace>();
  for (const object of objects) {
    const namespace = object['apiVersion'] === 'v1' && object['kind'] === 'Namespace' ? toNamespace(object) : undefined;
    if (namespace !== undefined) all.set(namespace.name, { ...namespace, labels: withNameLabel(namespace) });
  }
  return fixedSource((name) => all.get(name), all.size);
}

/** Returns a namespace with these labels and annotations for every name: for a server without a cluster, and to try things out. */
export function anyNamespace(template: Partial<Omit<Namespace, 'name'>>): NamespaceSource {
  const { labels = {}, annotations = {} } = template;
  return fixedSource((name) => ({ name, labels: withNameLabel({ name, labels }), annotations }), 0);
}

/** The API server adds the label to every namespace; a manifest may lack it. */
function withNameLabel({ name, labels }: Omit<Namespace, 'annotations'>): Namespace['labels'] {
  return { ...labels, [NAMESPACE_NAME_LABEL]: name };
}

function fixedSource(get: (name: string) => Namespace | undefined, size: number): NamespaceSource {
  const fetch = (name: string): Promise<NamespaceLookup> => {
    const namespace = get(name);
    return Promise.resolve(namespace ? { kind: 'found', namespace } : { kind: 'absent' });
  };
  return {
    get,
    fetch,
    fetchLatest: fetch,
    whenSynced: () => Promise.resolve(),
    status: () => ({ synced: true, size, ageMs: 0, restarts: 0, problem: undefined, mislabelled: 0 }),
    stop: () => Promise.resolve(),
  };
}
