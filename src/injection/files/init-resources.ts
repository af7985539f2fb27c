import type { LimitRangeItem } from '../../kubernetes/cluster-state.ts';
import type { Container, Pod } from '../../kubernetes/pod.ts';
import { parseQuantity, quantityText, resourceMillis, roundedUpMillis } from '../../kubernetes/quantity.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { CopyStep } from '../../profiles/delivery.ts';

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const;

const KINDS = ['requests', 'limits'] as const;

type Resource = (typeof RESOURCES)[number];

type Kind = (typeof KINDS)[number];

/** Request and limit of one resource, in units (cores, bytes). */
interface Share {
  readonly request: number;
  readonly limit: number;
}

/** Request and limit of an app container. A missing request is the limit (k8s.io/kubernetes core/v1 defaults.go). */
type AppShare = { readonly [field in keyof Share]: number | undefined };

interface Bounds {
  readonly min: number;
  /** Minimum of the limit if no other container of the pod has a limit. */
  readonly minOfPod: number;
  readonly max: number;
  readonly ratio: number;
}

type Amounts = { readonly [resource in Resource]?: string };

export type InitResources = { readonly [kind in Kind]?: Amounts } | undefined;

/** An init container's own use of the disk: its log. */
const LOG_SHARE: Share = { request: 0, limit: 64 * 2 ** 20 };

/**
 * Computes requests and limits of an init container that change nothing for its pod.
 *
 * - The request of a pod is the larger of the sum of its app containers and each init container (k8s.io/component-helpers
 *   resource/helpers.go): the init container requests at most that sum.
 * - The QoS class counts init containers (k8s.io/kubernetes pkg/apis/core/v1/helper/qos): if the requests of all app containers equal their
 *   limits, so do those of the init container; if no app container has any, neither has the init container.
 * - The app containers have passed every LimitRange: the init container requests at least the least of theirs (within its own limit), its limit
 *   is at most the largest of theirs, and its ratio is within theirs. Known bounds of LimitRanges take precedence.
 * - If the pod as a whole has resources, the init container shares them, unless a LimitRange requires resources of each container.
 */
export function initResources(
  pod: Pod,
  copy: Pick<CopyStep, Kind>,
  limitRanges: readonly LimitRangeItem[] = [],
): InitResources {
  const { containers } = pod.spec;
  if (hasAny(pod.spec) && !limitRanges.some(({ type }) => type === 'Container')) return undefined;
  if (!containers.some(hasAny)) return zeroResources(containers);
  const parts = RESOURCES.filter((resource) => resource !== 'ephemeral-storage' || hasStorage(pod)).map((resource) => {
    const apps = containers.map((container) => appShare(container, resource));
    const bounds = boundsOf(limitRanges, resource);
    const max = Math.min(bounds.max, amountOf(pod.spec, 'limits', resource) ?? Infinity);
    const share = fittedShare(apps, preferredShare(copy, resource), { ...bounds, max });
    // A limit of ephemeral storage holds for the whole pod (kubelet eviction_manager.go), so it must not be the pod's first.
    const isUnlimited = resource === 'ephemeral-storage' && apps.some(({ limit }) => limit === undefined);
    return { resource, request: share.request, limit: isUnlimited ? undefined : share.limit };
  });
  const amounts = (kind: keyof Share): Amounts =>
    Object.fromEntries(
      parts.flatMap(({ resource, [kind]: value }) =>
        value === undefined ? [] : [[resource, quantityText(value, resource === 'cpu' ? 'cpu' : 'memory')]],
      ),
    );
  return { limits: amounts('limit'), requests: amounts('request') };
}

/** A quota requires each container to set the resources that it limits (quota/v1/evaluator/core/pods.go Constraints); 0 is enough. */
function zeroResources(containers: readonly Container[]): InitResources {
  const zeros = (kind: Kind): Amounts =>
    Object.fromEntries(
      RESOURCES.filter((resource) => containers.every((container) => amountOf(container, kind, resource) === 0)).map(
        (resource) => [resource, '0'],
      ),
    );
  const [requests, limits] = [zeros('requests'), zeros('limits')];
  const isEmpty = containers.length === 0 || (Object.keys(requests).length === 0 && Object.keys(limits).length === 0);
  return isEmpty ? undefined : { limits, requests };
}

function preferredShare({ requests, limits }: Pick<CopyStep, Kind>, resource: Resource): Share {
  if (resource === 'ephemeral-storage') return LOG_SHARE;
  return { request: parseQuantity(requests[resource]) ?? 0, limit: parseQuantity(limits[resource]) ?? 0 };
}

function boundsOf(limitRanges: readonly LimitRangeItem[], resource: Resource): Bounds {
  const all = (types: readonly string[], field: 'min' | 'max' | 'ratio'): readonly number[] =>
    limitRanges.flatMap((item) => (types.includes(item.type) ? (item[field].get(resource) ?? []) : []));
  return {
    min: Math.max(0, ...all(['Container'], 'min')),
    minOfPod: Math.max(0, ...all(['Container', 'Pod'], 'min')),
    max: Math.min(Infinity, ...all(['Container', 'Pod'], 'max')),
    ratio: Math.min(Infinity, ...all(['Container'], 'ratio')),
  };
}

function fittedShare(apps: readonly AppShare[], preferred: Share, bounds: Bounds): Share {
  const requests = apps.map(({ request }) => request ?? 0);
  const limits = apps.flatMap(({ limit }) => (limit === undefined || limit <= 0 ? [] : [limit]));
  const areAllLimited = limits.length === apps.length;
  // At most the preferred limit: a later change of the app containers (by a VerticalPodAutoscaler) does not reach the init container.
  const leastRequest = Math.max(bounds.min, Math.min(preferred.limit, smallest(requests)));
  const limit = Math.min(
    bounds.max,
    Math.max(fittedLimit(limits, areAllLimited, preferred.limit), limits.length === 0 ? bounds.minOfPod : bounds.min),
  );
  const appRatio = areAllLimited
    ? apps.reduce((most, app) => Math.max(most, app.request ? (app.limit ?? 0) / app.request : Infinity), 1)
    : Infinity;
  const request = Math.max(preferred.request, leastRequest, roundedUp(limit / Math.min(appRatio, bounds.ratio)));
  if (areAllLimited) return { request: Math.min(sumOf(requests), limit, request), limit };
  const fitted = Math.min(sumOf(requests), bounds.max, request);
  return { request: fitted, limit: Math.max(limit, fitted) };
}

/** At most the largest limit of the app containers; if some have none, at most the sum of the others. */
function fittedLimit(limits: readonly number[], areAllLimited: boolean, preferred: number): number {
  if (limits.length === 0) return preferred;
  return Math.min(preferred, areAllLimited ? limits.reduce((one, other) => Math.max(one, other)) : sumOf(limits));
}

// Spreading thousands of numbers into Math.min would overflow the stack.
function smallest(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.min(one, other), Infinity);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

/** Rounds up to the API server's precision: rounded down, a ratio could exceed its bound. */
function roundedUp(amount: number): number {
  return roundedUpMillis(amount) / 1000;
}

function appShare(container: Container, resource: Resource): AppShare {
  const limit = amountOf(container, 'limits', resource);
  return { request: amountOf(container, 'requests', resource) ?? limit, limit };
}

function amountOf(owner: JsonObject, kind: Kind, resource: Resource): number | undefined {
  const millis = resourceMillis(owner, kind, resource);
  return millis === undefined ? undefined : millis / 1000;
}

function hasStorage({ spec }: Pod): boolean {
  return spec.containers.some((container) =>
    KINDS.some((kind) => (resourceMillis(container, kind, 'ephemeral-storage') ?? 0) > 0),
  );
}

/** True if any CPU or memory is requested or limited. Zero does not count (qos.go considers only positive amounts). */
function hasAny(owner: JsonObject): boolean {
  return KINDS.some((kind) =>
    (['cpu', 'memory'] as const).some((resource) => (resourceMillis(owner, kind, resource) ?? 0) > 0),
  );
}
