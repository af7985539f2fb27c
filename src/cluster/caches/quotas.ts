import type { LimitRangeItem, Quota } from '../../kubernetes/cluster-state.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { NamespaceIndex } from '../watch/namespace-index.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { Cache, CacheOptions } from './cache.ts';

type ByNamespace<T> = Reflector<T, NamespaceIndex<T>>;

/** The ResourceQuotas and LimitRanges of all namespaces, by list and watch. Needs list and watch of both. */
export class Quotas implements Cache {
  private readonly quotas: ByNamespace<Quota>;
  private readonly ranges: ByNamespace<readonly LimitRangeItem[]>;

  constructor(cluster: KubeClient, options: CacheOptions) {
    const common = { ...options, cluster, metadataOnly: false };
    this.quotas = new Reflector({
      ...common,
      path: '/api/v1/resourcequotas',
      keep: keepQuota,
      place: byNamespace<Quota>,
    });
    this.ranges = new Reflector({
      ...common,
      path: '/api/v1/limitranges',
      keep: keepRange,
      place: byNamespace<readonly LimitRangeItem[]>,
    });
  }

  /** Begins to list and watch; `stop` ends it. */
  start(): this {
    this.quotas.start();
    this.ranges.start();
    return this;
  }

  /** What is left in a namespace; undefined where it is not known. No I/O. */
  left(namespace: string): readonly Quota[] | undefined {
    return this.quotas.fresh()?.group(namespace);
  }

  /** What the LimitRanges of a namespace say; undefined where it is not known. No I/O. */
  limits(namespace: string): readonly LimitRangeItem[] | undefined {
    return this.ranges.fresh()?.group(namespace).flat();
  }

  status(): Readonly<Record<string, ReflectorStatus>> {
    return { resourcequotas: this.quotas.status(), limitranges: this.ranges.status() };
  }

  async whenTried(): Promise<void> {
    await Promise.all([this.quotas.whenTried(), this.ranges.whenTried()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.quotas.stop(), this.ranges.stop()]);
  }
}

/** What is left in a namespace, from a list of its ResourceQuotas. */
export function quotasFrom(list: readonly Json[]): readonly Quota[] {
  return list.filter(isObject).map(keepQuota);
}

/** What a list of LimitRanges says. */
export function limitRangesFrom(list: readonly Json[]): readonly LimitRangeItem[] {
  return list.filter(isObject).flatMap(keepRange);
}

function byNamespace<T>(): NamespaceIndex<T> {
  return new NamespaceIndex((_, key) => key.slice(0, key.indexOf('/')));
}

/** Only what limits claims is kept. */
const OF_CLAIMS = /(^|\/)(persistentvolumeclaims|requests\.storage)$/;

/**
 * What the API server goes by is the status (k8s.io/apiserver resourcequota controller.go). A quota with a scope limits pods, or claims of a
 * VolumeAttributesClass, which ours never have.
 */
function keepQuota({ metadata, spec, status }: JsonObject): Quota {
  const name = nameOf(metadata);
  const isScoped = isObject(spec) && (hasItems(spec['scopes']) || spec['scopeSelector'] !== undefined);
  if (isScoped || !isObject(status)) return { name, left: NOTHING };
  const used = amounts(status['used'], (resource) => OF_CLAIMS.test(resource));
  const hard = amounts(status['hard'], (resource) => used.has(resource));
  if (hard.size === 0) return { name, left: NOTHING };
  return { name, left: new Map([...hard].map(([resource, most]) => [resource, most - (used.get(resource) ?? 0)])) };
}

function keepRange({ metadata, spec }: JsonObject): readonly LimitRangeItem[] {
  const limits = isObject(spec) ? spec['limits'] : undefined;
  if (!Array.isArray(limits)) return [];
  const name = nameOf(metadata);
  return limits.filter(isObject).map((limit) => ({
    name,
    type: typeof limit['type'] === 'string' ? limit['type'] : '',
    min: amounts(limit['min']),
    max: amounts(limit['max']),
    ratio: amounts(limit['maxLimitRequestRatio']),
  }));
}

const NOTHING: ReadonlyMap<string, number> = new Map();

function amounts(
  list: Json | undefined,
  counts: (resource: string) => boolean = () => true,
): ReadonlyMap<string, number> {
  if (!isObject(list)) return NOTHING;
  const found = new Map<string, number>();
  for (const [resource, value] of Object.entries(list)) {
    const amount = counts(resource) ? parseQuantity(value) : undefined;
    if (amount !== undefined) found.set(resource, amount);
  }
  return found.size === 0 ? NOTHING : found;
}

function nameOf(metadata: Json | undefined): string {
  return isObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '';
}

function hasItems(list: Json | undefined): boolean {
  return Array.isArray(list) && list.length > 0;
}
