import { LRUCache } from 'lru-cache';
import { isObjectName } from '../../kubernetes/names.ts';
import { controllerOf, ownerOf } from '../../kubernetes/owner.ts';
import type { HasMetadata } from '../../kubernetes/pod.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Json, type JsonObject, objectIn } from '../../lib/json.ts';
import { type KubeClient, METADATA } from '../client/types.ts';

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** `kubectl describe` shows an Event only with it; a pod has none before it exists. */
  readonly uid?: string;
}

/** The workload that a user wrote, and the metadata of the ReplicaSet or Job that it created, which has a copy of its annotations. */
export interface WorkloadObject {
  readonly ref: ObjectRef;
  readonly metadata: Json | undefined;
}

/** Returns the object that an Event about the pod refers to, by the pod alone: its controller, else the pod itself. Undefined without a name. */
export function directOwner(pod: HasMetadata): ObjectRef | undefined {
  const owner = refFrom(ownerOf(pod));
  if (owner) return owner;
  const name = pod.metadata?.name;
  return name !== undefined && isObjectName(name) ? { apiVersion: 'v1', kind: 'Pod', name } : undefined;
}

function refFrom(reference: JsonObject | undefined): ObjectRef | undefined {
  const { apiVersion, kind, name, uid } = reference ?? {};
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return undefined;
  if (!isObjectName(name) || apiVersion.length > 253 || kind.length > 63) return undefined;
  return { apiVersion, kind, name, ...(typeof uid === 'string' && uid.length <= 128 && { uid }) };
}

const OWNED_KINDS: Readonly<Record<string, string>> = {
  'apps/v1 ReplicaSet': '/apis/apps/v1/namespaces/NAMESPACE/replicasets/',
  'batch/v1 Job': '/apis/batch/v1/namespaces/NAMESPACE/jobs/',
};

const LIMITS = { timeoutMs: 3_000, maxBytes: 2 * 1024 * 1024, accept: METADATA };

const CACHE_MS = 600_000;

const MAX_CACHED = 1_000;

/**
 * Finds the workload behind a ReplicaSet (a Deployment, a Rollout) or a Job (a CronJob) by one GET, and caches it. If that fails or is forbidden,
 * the ReplicaSet or Job is used instead. Needs get of replicasets and jobs.
 */
export class WorkloadLookup {
  readonly #client: KubeClient;
  readonly #cache: LRUCache<string, WorkloadObject>;

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#cache = new LRUCache({ max: MAX_CACHED, ttl: CACHE_MS, ttlResolution: 0, perf: clock });
  }

  /** Never rejects. */
  async find(namespace: string, owner: ObjectRef, signal: AbortSignal): Promise<WorkloadObject> {
    const type = `${owner.apiVersion} ${owner.kind}`;
    const path = Object.hasOwn(OWNED_KINDS, type) ? OWNED_KINDS[type] : undefined;
    if (path === undefined) return { ref: owner, metadata: undefined };
    const key = `${namespace} ${type} ${owner.name} ${owner.uid ?? ''}`;
    const cached = this.#cache.get(key);
    if (cached) return cached;
    const url = path.replace('NAMESPACE', namespace) + owner.name;
    const response = await this.#client.getJson(url, { ...LIMITS, signal });
    if (response.kind !== 'ok') return { ref: owner, metadata: undefined };
    const metadata = objectIn(response.body, 'metadata');
    const workload = { ref: refFrom(controllerOf(metadata)) ?? owner, metadata };
    this.#cache.set(key, workload);
    return workload;
  }
}
