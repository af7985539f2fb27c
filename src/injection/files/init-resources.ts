import type { Resources } from '../../api/profile/delivery.ts';
import type { LimitRangeItem } from '../../kubernetes/cluster-state.ts';
import type { Container, Pod } from '../../kubernetes/pod.ts';
import { parseQuantity, quantityText } from '../../kubernetes/quantity.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const;

const KINDS = ['requests', 'limits'] as const;

type Resource = (typeof RESOURCES)[number];

type Kind = (typeof KINDS)[number];

/** What an app container asks for of one resource. A request that is not written is the limit (k8s.io/kubernetes core/v1 defaults.go). */
interface Share {
  readonly request: number | undefined;
  readonly limit: number | undefined;
}

/** What LimitRanges say of one resource, each the strictest of them. */
interface Bounds {
  /** Of a request and a limit of a container. */
  readonly least: number;
  /** Of a limit that is the only one in the pod. */
  readonly leastOfPod: number;
  readonly most: number;
  readonly ratio: number;
}

type Amounts = { readonly [resource in Resource]?: string };

/** Requests and limits of an init container; undefined: none of either, which is what its neighbours have. */
export type InitResources = { readonly [kind in Kind]?: Amounts } | undefined;

/** What an init container writes beside the volume that it fills: its log. */
const OWN_DISK = { request: 0, limit: 64 * 2 ** 20 };

/**
 * Requests and limits of an init container that change nothing for its pod. The pod asks for the larger of its app containers together and
 * of each init container (k8s.io/component-helpers resource/helpers.go), so ours stays within what the app containers ask for. The QoS class
 * counts init containers, too (k8s.io/kubernetes pkg/apis/core/v1/helper/qos): where all have limits that are their requests, ours are alike;
 * where none has anything, neither has ours. A LimitRange has let the app containers pass: ours asks for as much as the least of them as far
 * as it may use that, is allowed no more than the most, and the ratio of both is within theirs; what the LimitRanges are known to say on top
 * of that goes before. Where the pod as a whole has resources, all of its containers share those, unless a LimitRange asks for each one's own.
 */
export function initResources(
  pod: Pod,
  requests: Resources,
  limits: Resources,
  ranges: readonly LimitRangeItem[] = [],
): InitResources {
  const asksEach = ranges.some(({ type }) => type === 'Container');
  if (hasAny(pod.spec) && !asksEach) return undefined;
  if (!pod.spec.containers.some(hasAny)) return zeros(pod.spec.containers);
  const parts = RESOURCES.filter((resource) => resource !== 'ephemeral-storage' || hasDisk(pod)).map((resource) => {
    const shares = pod.spec.containers.map((container) => shareOf(container, resource));
    const wanted =
      resource === 'ephemeral-storage'
        ? OWN_DISK
        : { request: parseQuantity(requests[resource]) ?? 0, limit: parseQuantity(limits[resource]) ?? 0 };
    const bounds = boundsOf(ranges, resource);
    const most = Math.min(bounds.most, amount(pod.spec, 'limits', resource) ?? Infinity);
    const share = within(shares, wanted, { ...bounds, most });
    // A limit of the disk is one of the whole pod (kubelet eviction_manager.go): ours is not to be the first.
    const isFree = resource === 'ephemeral-storage' && shares.some(({ limit }) => limit === undefined);
    return { resource, request: share.request, limit: isFree ? undefined : share.limit };
  });
  const list = (kind: 'request' | 'limit'): Amounts =>
    Object.fromEntries(
      parts.flatMap(({ resource, [kind]: value }) =>
        value === undefined ? [] : [[resource, quantityText(value, resource === 'cpu' ? 'cpu' : 'memory')]],
      ),
    );
  return { limits: list('limit'), requests: list('request') };
}

/** A quota asks each container to name what it limits (quota/v1/evaluator/core/pods.go Constraints); nothing of it is an answer, too. */
function zeros(containers: readonly Container[]): InitResources {
  const named = (kind: Kind): Amounts =>
    Object.fromEntries(
      RESOURCES.filter((resource) => containers.every((container) => amount(container, kind, resource) === 0)).map(
        (resource) => [resource, '0'],
      ),
    );
  const [requests, limits] = [named('requests'), named('limits')];
  const isNone = containers.length === 0 || (Object.keys(requests).length === 0 && Object.keys(limits).length === 0);
  return isNone ? undefined : { limits, requests };
}

function hasDisk({ spec }: Pod): boolean {
  return spec.containers.some((container) =>
    KINDS.some((kind) => (amount(container, kind, 'ephemeral-storage') ?? 0) > 0),
  );
}

function boundsOf(ranges: readonly LimitRangeItem[], resource: Resource): Bounds {
  const all = (types: readonly string[], field: 'min' | 'max' | 'ratio'): readonly number[] =>
    ranges.flatMap((item) => (types.includes(item.type) ? (item[field].get(resource) ?? []) : []));
  return {
    least: Math.max(0, ...all(['Container'], 'min')),
    leastOfPod: Math.max(0, ...all(['Container', 'Pod'], 'min')),
    most: Math.min(Infinity, ...all(['Container', 'Pod'], 'max')),
    ratio: Math.min(Infinity, ...all(['Container'], 'ratio')),
  };
}

/** Request and limit of ours for one resource, by what each app container has of it. */
function within(
  shares: readonly Share[],
  wanted: { readonly request: number; readonly limit: number },
  bounds: Bounds,
): { readonly request: number; readonly limit: number } {
  const asked = shares.map(({ request }) => request ?? 0);
  const all = sumOf(asked);
  const limited = shares.flatMap((share) => (share.limit === undefined || share.limit <= 0 ? [] : [share.limit]));
  const isLimited = limited.length === shares.length;
  // No more than ours may use: what another webhook makes of the app containers later (VerticalPodAutoscaler), ours does not follow.
  const least = Math.max(
    bounds.least,
    Math.min(
      wanted.limit,
      asked.reduce((one, other) => Math.min(one, other), Infinity),
    ),
  );
  const allowed = Math.min(
    bounds.most,
    Math.max(topOf(limited, isLimited, wanted.limit), limited.length === 0 ? bounds.leastOfPod : bounds.least),
  );
  const theirs = isLimited
    ? shares.reduce((most, share) => Math.max(most, share.request ? (share.limit ?? 0) / share.request : Infinity), 1)
    : Infinity;
  const wantedRequest = Math.max(wanted.request, least, roundedUp(allowed / Math.min(theirs, bounds.ratio)));
  if (isLimited) return { request: Math.min(all, allowed, wantedRequest), limit: allowed };
  const request = Math.min(all, bounds.most, wantedRequest);
  return { request, limit: Math.max(allowed, request) };
}

/** The most that ours may have beside limits of theirs: as much as the largest of them; where some have none, no more than the others together. */
function topOf(limited: readonly number[], isLimited: boolean, wanted: number): number {
  if (limited.length === 0) return wanted;
  return Math.min(wanted, isLimited ? limited.reduce((one, other) => Math.max(one, other)) : sumOf(limited));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

/** To thousandths, which is as fine as the API server counts: rounded down, a ratio would be above the one that is allowed. */
function roundedUp(value: number): number {
  return Math.ceil(value * 1000 - 1e-6) / 1000;
}

function shareOf(container: Container, resource: Resource): Share {
  const limit = amount(container, 'limits', resource);
  return { request: amount(container, 'requests', resource) ?? limit, limit };
}

function amount(owner: JsonObject, kind: Kind, resource: string): number | undefined {
  const { resources } = owner;
  const amounts = isObject(resources) ? resources[kind] : undefined;
  const value = isObject(amounts) ? parseQuantity(amounts[resource]) : undefined;
  // The API server rounds up to thousandths (k8s.io/kubernetes core/v1 defaults.go SetDefaults_ResourceList).
  return value === undefined ? undefined : roundedUp(value);
}

/** Whether anything of cpu or memory is asked for or limited. Zero is nothing (qos.go: only what is positive counts). */
function hasAny(owner: JsonObject): boolean {
  return KINDS.some((kind) =>
    (['cpu', 'memory'] as const).some((resource) => (amount(owner, kind, resource) ?? 0) > 0),
  );
}
