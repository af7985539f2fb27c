import { NAMESPACE_NAME_LABEL } from '../../kubernetes/labels.ts';
import type { Namespace, NamespaceLookup } from '../../kubernetes/namespace.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { ReflectorTiming } from '../watch/timing.ts';
import { MisspelledLabelLog } from './misspelled-label-log.ts';
import { defaultLookupLimits, type LookupLimits, NamespaceLookups } from './namespace-lookup.ts';
import { toNamespace } from './namespace-object.ts';

export interface NamespacesStatus extends ReflectorStatus {
  /** How many were probably meant to be injected, and are not. */
  readonly mislabelled: number;
}

/** Where the server learns of namespaces. Names are data: `__proto__` is a name like any other. */
export interface NamespaceSource {
  /** The cached namespace: no I/O. */
  get(name: string): Namespace | undefined;
  /**
   * The namespace, asking for it if it is not cached, in at most `deadlineMs` (a duration). Never rejects; what it may cost the
   * API server is bounded. A name that does not exist is remembered for a moment.
   */
  fetch(name: string, deadlineMs: number): Promise<NamespaceLookup>;
  /** Resolves when the namespaces are known for the first time. */
  whenSynced(): Promise<void>;
  /** Facts for readiness and metrics. */
  status(): NamespacesStatus;
  /** Resolves when nothing is left that could keep the process alive. */
  stop(): Promise<void>;
}

export interface ClusterNamespacesOptions {
  readonly logger: Logger;
  readonly timing?: Partial<ReflectorTiming>;
  readonly bounds?: Partial<LookupLimits>;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/**
 * The namespaces of a cluster, by list and watch. It starts at once and never gives up: until `status().synced`, `get` knows
 * nothing; after that it knows what was last heard, however long the API server is away. Needs get, list and watch.
 */
export function namespacesFromCluster(cluster: KubeClient, options: ClusterNamespacesOptions): NamespaceSource {
  const { bounds, ...rest } = options;
  const clock = options.clock ?? systemClock;
  const path = '/api/v1/namespaces';
  const mislabelled = new MisspelledLabelLog(options.logger);
  const keep = (object: JsonObject): Namespace | undefined => {
    const namespace = toNamespace(object);
    if (namespace) mislabelled.check(namespace);
    return namespace;
  };
  const reflector = new Reflector({ ...rest, cluster, path, metadataOnly: true, keep }).start();
  const lookups = new NamespaceLookups(cluster, clock, { ...defaultLookupLimits, ...bounds });
  return {
    get: (name) => reflector.get(name),
    fetch: (name, deadlineMs) => answer(reflector.get(name)) ?? lookups.ask(name, deadlineMs),
    whenSynced: () => reflector.whenSynced(),
    status: () => {
      const status = reflector.status();
      // Until the first list is read, what was looked at is not known yet.
      const exists = (name: string): boolean => !status.synced || reflector.get(name) !== undefined;
      return { ...status, mislabelled: mislabelled.count(exists) };
    },
    stop: async () => {
      await Promise.all([reflector.stop(), lookups.stop()]);
    },
  };
}

/** The Namespaces among some manifests; other objects are passed over, and of two with one name the last counts. */
export function namespacesFromObjects(objects: readonly JsonObject[]): NamespaceSource {
  const all = new Map<string, Namespace>();
  for (const object of objects) {
    const namespace = object['apiVersion'] === 'v1' && object['kind'] === 'Namespace' ? toNamespace(object) : undefined;
    if (namespace !== undefined) all.set(namespace.name, { ...namespace, labels: withNameLabel(namespace) });
  }
  return fixed((name) => all.get(name), all.size);
}

/** Every name is a namespace with these labels and annotations: for a server without a cluster, and for trying things out. */
export function anyNamespace(template: Partial<Omit<Namespace, 'name'>>): NamespaceSource {
  const { labels = {}, annotations = {} } = template;
  return fixed((name) => ({ name, labels: withNameLabel({ name, labels }), annotations }), 0);
}

/** As the API server would have it: a manifest need not carry the label, a namespace always does. */
function withNameLabel({ name, labels }: Omit<Namespace, 'annotations'>): Namespace['labels'] {
  return { ...labels, [NAMESPACE_NAME_LABEL]: name };
}

function fixed(get: (name: string) => Namespace | undefined, size: number): NamespaceSource {
  return {
    get,
    fetch: (name) => answer(get(name)) ?? Promise.resolve({ kind: 'absent' }),
    whenSynced: () => Promise.resolve(),
    status: () => ({ synced: true, size, ageMs: 0, restarts: 0, trouble: undefined, mislabelled: 0 }),
    stop: () => Promise.resolve(),
  };
}

function answer(namespace: Namespace | undefined): Promise<NamespaceLookup> | undefined {
  return namespace === undefined ? undefined : Promise.resolve({ kind: 'found', namespace });
}
