import { LRUCache } from 'lru-cache';
import { isObjectName } from '../../kubernetes/names.ts';
import { controllerOf, ownerOf } from '../../kubernetes/owner.ts';
import type { Named } from '../../kubernetes/pod.ts';
import type { Clock } from '../../lib/clock.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { type KubeClient, METADATA } from '../client/types.ts';

/** An object as an Event refers to it. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Without it `kubectl describe` does not show the Event; a pod has none before it exists. */
  readonly uid?: string;
}

/** The workload that somebody wrote, and the metadata of what it made, which carries its annotations. */
export interface Workload {
  readonly ref: ObjectRef;
  readonly metadata: Json | undefined;
}

/** Who an Event about the pod goes to, as far as the pod tells: what controls it, else the pod itself. Undefined: neither has a name. */
export function directOwner(pod: Named): ObjectRef | undefined {
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

/** Kinds that are made by another workload, and where they are read. */
const MADE: Readonly<Record<string, string>> = {
  'apps/v1 ReplicaSet': '/apis/apps/v1/namespaces/NAMESPACE/replicasets/',
  'batch/v1 Job': '/apis/batch/v1/namespaces/NAMESPACE/jobs/',
};

const LIMITS = { timeoutMs: 3_000, maxBytes: 2 * 1024 * 1024, accept: METADATA };

const REMEMBER_MS = 600_000;

const MAX_CACHED = 1_000;

/**
 * Finds the workload behind a ReplicaSet (a Deployment, a Rollout) or a Job (a CronJob), by one GET, which is remembered. Where that may not be
 * read, or fails, the one that is known is good enough. Needs get of replicasets and jobs.
 */
export class WorkloadLookup {
  private readonly cluster: KubeClient;
  private readonly known: LRUCache<string, Workload>;

  constructor(cluster: KubeClient, clock: Clock) {
    this.cluster = cluster;
    this.known = new LRUCache({ max: MAX_CACHED, ttl: REMEMBER_MS, ttlResolution: 0, perf: clock });
  }

  /** Never rejects. */
  async workloadOf(namespace: string, owner: ObjectRef, signal: AbortSignal): Promise<Workload> {
    const type = `${owner.apiVersion} ${owner.kind}`;
    const path = Object.hasOwn(MADE, type) ? MADE[type] : undefined;
    if (path === undefined) return { ref: owner, metadata: undefined };
    const key = `${namespace} ${type} ${owner.name} ${owner.uid ?? ''}`;
    const known = this.known.get(key);
    if (known) return known;
    const answer = await this.cluster.getJson(`${path.replace('NAMESPACE', namespace)}${owner.name}`, {
      ...LIMITS,
      signal,
    });
    if (answer.kind !== 'ok') return { ref: owner, metadata: undefined };
    const { metadata } = answer.body;
    const made = isObject(metadata) ? metadata : {};
    const workload = { ref: refFrom(controllerOf(made)) ?? owner, metadata: made };
    this.known.set(key, workload);
    return workload;
  }
}
