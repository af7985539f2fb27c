import { LRUCache } from 'lru-cache';
import { parseKey } from '../../api/keys.ts';
import { isObjectName } from '../../kubernetes/names.ts';
import { controllerOf, ownerOf } from '../../kubernetes/owner.ts';
import type { HasMetadata } from '../../kubernetes/pod.ts';
import { apiPath, workloadKinds } from '../../kubernetes/workload.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Json, type JsonObject, objectIn } from '../../lib/json.ts';
import { type Failure, isNotFound } from '../client/errors.ts';
import { type KubeClient, METADATA } from '../client/types.ts';

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** `kubectl describe` shows an Event only with it; a pod has none before it exists. */
  readonly uid?: string;
}

/** The workload that a user wrote, and our keys on the ReplicaSet or Job that it created, which has a copy of its annotations. */
export interface WorkloadObject {
  readonly ref: ObjectRef;
  readonly metadata: Json | undefined;
}

/** `unverified`: there is no object of this kind, name and uid, or its kind cannot be read. */
export type FoundWorkload =
  | { readonly kind: 'found'; readonly workload: WorkloadObject }
  | { readonly kind: 'unverified' }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** The controller that a pod names; undefined without one, or with a name that no object can have. */
export function directOwner(pod: HasMetadata): ObjectRef | undefined {
  return refFrom(ownerOf(pod));
}

function refFrom(reference: JsonObject | undefined): ObjectRef | undefined {
  const { apiVersion, kind, name, uid } = reference ?? {};
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return undefined;
  if (!isObjectName(name) || apiVersion.length > 253 || kind.length > 63) return undefined;
  return { apiVersion, kind, name, ...(typeof uid === 'string' && uid.length <= 128 && { uid }) };
}

/** The controllers of Kubernetes itself: others could be of any kind, and the server has no permission to read them. */
const VERIFIABLE = new Map(
  workloadKinds
    .filter(({ group, kind, controller }) => ['', 'apps', 'batch'].includes(group) && controller === kind)
    .map((row) => [`${row.group === '' ? '' : `${row.group}/`}${row.version} ${row.kind}`, row]),
);

const LIMITS = { timeoutMs: 3_000, maxBytes: 2 * 1024 * 1024, accept: METADATA };

const CACHE_MS = 600_000;

/** For an owner that does not exist: a controller exists before its pods. */
const CACHE_UNVERIFIED_MS = 60_000;

const MAX_CACHED = 1_000;

const UNVERIFIED: FoundWorkload = { kind: 'unverified' };

/**
 * Finds the controller that a pod names by one GET, and with it the workload behind a ReplicaSet (a Deployment, a Rollout) or a Job (a CronJob).
 * Any client of the webhook port can make up pods, so only an object with the uid that the pod names counts: who knows it can read the object.
 * Needs get of replicasets, statefulsets, daemonsets, jobs and replicationcontrollers.
 */
export class WorkloadLookup {
  readonly #client: KubeClient;
  readonly #cache: LRUCache<string, FoundWorkload>;

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#cache = new LRUCache({ max: MAX_CACHED, ttl: CACHE_MS, ttlResolution: 0, perf: clock });
  }

  /** A result without a request; undefined if one is needed. */
  known(namespace: string, owner: ObjectRef): FoundWorkload | undefined {
    const isVerifiable = owner.uid !== undefined && VERIFIABLE.has(typeOf(owner));
    return isVerifiable ? this.#cache.get(cacheKey(namespace, owner)) : UNVERIFIED;
  }

  /** Never rejects. */
  async find(namespace: string, owner: ObjectRef, signal: AbortSignal): Promise<FoundWorkload> {
    const known = this.known(namespace, owner);
    const kind = VERIFIABLE.get(typeOf(owner));
    if (known || !kind) return known ?? UNVERIFIED;
    const response = await this.#client.getJson(apiPath(kind, namespace, owner.name), { ...LIMITS, signal });
    if (response.kind !== 'ok' && !isNotFound(response)) return { kind: 'failed', failure: response };
    const metadata = response.kind === 'ok' ? objectIn(response.body, 'metadata') : {};
    const found = metadata['uid'] === owner.uid ? foundWorkload(owner, metadata) : UNVERIFIED;
    this.#cache.set(cacheKey(namespace, owner), found, {
      ttl: found.kind === 'unverified' ? CACHE_UNVERIFIED_MS : CACHE_MS,
    });
    return found;
  }
}

function foundWorkload(owner: ObjectRef, metadata: JsonObject): FoundWorkload {
  const ref = refFrom(controllerOf(metadata)) ?? owner;
  return { kind: 'found', workload: { ref, metadata: ownKeysOf(metadata) } };
}

function typeOf({ apiVersion, kind }: ObjectRef): string {
  return `${apiVersion} ${kind}`;
}

function cacheKey(namespace: string, owner: ObjectRef): string {
  return `${namespace} ${typeOf(owner)} ${owner.name} ${owner.uid ?? ''}`;
}

/** More than a pod can need; the annotations of one object can have 256 KiB, and a thousand objects are kept. */
const MAX_KEYS = 100;

const MAX_LENGTH = 4096;

/** Our labels and annotations without their values: all that is needed of the metadata of a workload or a pod. */
export function ownKeysOf(metadata: JsonObject | undefined): JsonObject {
  const own = (of: 'labels' | 'annotations'): JsonObject => {
    const keys = Object.keys(objectIn(metadata ?? {}, of)).filter((key) => parseKey(key) !== undefined);
    let room = MAX_LENGTH;
    const kept = keys.slice(0, MAX_KEYS).filter((key) => (room -= key.length) >= 0);
    return Object.fromEntries(kept.map((key) => [key, '']));
  };
  return { labels: own('labels'), annotations: own('annotations') };
}
