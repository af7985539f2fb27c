import type { LimitRangeItem, Quota } from '../../kubernetes/cluster-state.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import { IndexedStore } from '../watch/store.ts';
import type { Cache, CacheOptions } from './cache.ts';

type ByNamespace<T> = Reflector<T, IndexedStore<T>>;

/** Mirrors the ResourceQuotas and LimitRanges of all namespaces. Needs list and watch of both. */
export class Quotas implements Cache {
  readonly #quotas: ByNamespace<Quota>;
  readonly #ranges: ByNamespace<readonly LimitRangeItem[]>;

  constructor(client: KubeClient, options: CacheOptions) {
    const common = { ...options, client, metadataOnly: false };
    this.#quotas = new Reflector({
      ...common,
      path: '/api/v1/resourcequotas',
      transform: toQuota,
      createStore: byNamespace<Quota>,
    });
    this.#ranges = new Reflector({
      ...common,
      path: '/api/v1/limitranges',
      transform: toLimits,
      createStore: byNamespace<readonly LimitRangeItem[]>,
    });
  }

  start(): this {
    this.#quotas.start();
    this.#ranges.start();
    return this;
  }

  /** Remaining amounts of the quotas of a namespace; undefined while they are unknown. No I/O. */
  left(namespace: string): readonly Quota[] | undefined {
    return this.#quotas.fresh()?.byIndex(namespace);
  }

  limits(namespace: string): readonly LimitRangeItem[] | undefined {
    return this.#ranges.fresh()?.byIndex(namespace).flat();
  }

  status(): Readonly<Record<string, ReflectorStatus>> {
    return { resourcequotas: this.#quotas.status(), limitranges: this.#ranges.status() };
  }

  async whenTried(): Promise<void> {
    await Promise.all([this.#quotas.whenTried(), this.#ranges.whenTried()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#quotas.stop(), this.#ranges.stop()]);
  }
}

export function quotasFrom(list: readonly Json[]): readonly Quota[] {
  return list.filter(isObject).map(toQuota);
}

export function limitRangesFrom(list: readonly Json[]): readonly LimitRangeItem[] {
  return list.filter(isObject).flatMap(toLimits);
}

function byNamespace<T>(): IndexedStore<T> {
  return new IndexedStore((_, key) => key.slice(0, key.indexOf('/')));
}

/** Only the resources that limit claims are stored. */
const OF_CLAIMS = /(^|\/)(persistentvolumeclaims|requests\.storage)$/;

/**
 * Reads the status, as the API server does (k8s.io/apiserver resourcequota controller.go). A quota with a scope limits pods, or claims with a
 * VolumeAttributesClass, which injected claims never have.
 */
function toQuota(object: JsonObject): Quota {
  const name = nameOf(object);
  const [spec, status] = [objectIn(object, 'spec'), objectIn(object, 'status')];
  const { scopes, scopeSelector } = spec;
  const isScoped = (Array.isArray(scopes) && scopes.length > 0) || scopeSelector !== undefined;
  if (isScoped) return { name, left: NOTHING };
  const used = amounts(status['used'], (resource) => OF_CLAIMS.test(resource));
  const hard = amounts(status['hard'], (resource) => used.has(resource));
  if (hard.size === 0) return { name, left: NOTHING };
  return { name, left: new Map([...hard].map(([resource, most]) => [resource, most - (used.get(resource) ?? 0)])) };
}

function toLimits(object: JsonObject): readonly LimitRangeItem[] {
  const name = nameOf(object);
  const limits = objectsIn(objectIn(object, 'spec'), 'limits').filter((limit) =>
    LIMITED_TYPES.has(textIn(limit, 'type')),
  );
  return limits.slice(0, LIMITED_TYPES.size).map((limit) => ({
    name,
    type: textIn(limit, 'type'),
    min: amounts(limit['min'], isLimited),
    max: amounts(limit['max'], isLimited),
    ratio: amounts(limit['maxLimitRequestRatio'], isLimited),
  }));
}

/** A LimitRange has one item of each type (k8s.io/kubernetes core ValidateLimitRange), and may have others with any name. */
const LIMITED_TYPES: ReadonlySet<string> = new Set(['Container', 'Pod', 'PersistentVolumeClaim']);

/** Only the resources that injected containers and claims have are stored. */
function isLimited(resource: string): boolean {
  return LIMITED.has(resource);
}

const LIMITED: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage']);

/** Bounds what one object takes: a quota can name thousands of resources. Those beyond it count as unlimited. */
const MAX_RESOURCES = 64;

const NOTHING: ReadonlyMap<string, number> = new Map();

function amounts(list: Json | undefined, isStored: (resource: string) => boolean): typeof NOTHING {
  if (!isObject(list)) return NOTHING;
  const found = new Map<string, number>();
  for (const [resource, value] of Object.entries(list)) {
    if (found.size === MAX_RESOURCES) break;
    const amount = isStored(resource) ? parseQuantity(value) : undefined;
    if (amount !== undefined) found.set(resource, amount);
  }
  return found.size === 0 ? NOTHING : found;
}

function nameOf(object: JsonObject): string {
  return textIn(objectIn(object, 'metadata'), 'name');
}
