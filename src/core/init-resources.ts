import type { Resources } from './delivery.ts';
import { isObject, type JsonObject } from './json.ts';
import type { Container, Pod } from './pod.ts';
import { parseQuantity, quantityText } from './quantity.ts';

type Resource = 'cpu' | 'memory';
type Kind = 'requests' | 'limits';

/** What an app container asks for of one resource. A request that is not written is the limit (k8s.io/kubernetes core/v1 defaults.go). */
interface Share {
  readonly request: number | undefined;
  readonly limit: number | undefined;
}

/** Requests and limits of an init container; undefined: none of either, which is what its neighbours have. */
export type InitResources = { readonly [kind in Kind]?: { readonly [resource in Resource]?: string } } | undefined;

/**
 * Requests and limits of an init container that change nothing for its pod. The pod asks for the larger of its app containers together and
 * of each init container (k8s.io/component-helpers resource/helpers.go), so ours stays within what the app containers ask for. The QoS class
 * counts init containers, too (k8s.io/kubernetes pkg/apis/core/v1/helper/qos): where all have limits that are their requests, ours are alike;
 * where none has anything, neither has ours. A LimitRange, which nobody can see from here, has let the app containers pass: ours asks for as
 * much as the least of them as far as it may use that, is allowed no more than the most, and the ratio of both is within theirs. Where the
 * pod as a whole has resources, all of its containers share those.
 */
export function initResources(pod: Pod, requests: Resources, limits: Resources): InitResources {
  if (hasAny(pod.spec) || !pod.spec.containers.some(hasAny)) return undefined;
  const parts = (['cpu', 'memory'] as const).map((resource) => {
    const shares = pod.spec.containers.map((container) => shareOf(container, resource));
    const wanted = { request: parseQuantity(requests[resource]) ?? 0, limit: parseQuantity(limits[resource]) ?? 0 };
    return [resource, within(shares, wanted)] as const;
  });
  const list = (kind: 'request' | 'limit'): { readonly [resource in Resource]?: string } =>
    Object.fromEntries(parts.map(([resource, share]) => [resource, quantityText(share[kind], resource)]));
  return { limits: list('limit'), requests: list('request') };
}

/** Request and limit of ours for one resource, by what each app container has of it. */
function within(
  shares: readonly Share[],
  wanted: { readonly request: number; readonly limit: number },
): { readonly request: number; readonly limit: number } {
  const asked = shares.map(({ request }) => request ?? 0);
  const all = asked.reduce((sum, one) => sum + one, 0);
  // No more than ours may use: what another webhook makes of the app containers later (VerticalPodAutoscaler), ours does not follow.
  const least = Math.min(wanted.limit, asked.length > 0 ? asked.reduce((one, other) => Math.min(one, other)) : 0);
  const limited = shares.flatMap((share) => (share.limit === undefined || share.limit <= 0 ? [] : [share.limit]));
  if (limited.length < shares.length) {
    const request = Math.min(all, Math.max(wanted.request, least));
    return { request, limit: Math.max(wanted.limit, request) };
  }
  const limit = Math.min(
    wanted.limit,
    limited.reduce((one, other) => Math.max(one, other)),
  );
  const ratio = shares.reduce(
    (most, share) => Math.max(most, share.request ? (share.limit ?? 0) / share.request : Infinity),
    1,
  );
  const request = Math.min(all, limit, Math.max(wanted.request, least, limit / ratio));
  return { request, limit };
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
  return value === undefined ? undefined : Math.ceil(value * 1000 - 1e-6) / 1000;
}

/** Whether anything of cpu or memory is asked for or limited. Zero is nothing (qos.go: only what is positive counts). */
function hasAny(owner: JsonObject): boolean {
  return (['requests', 'limits'] as const).some((kind) =>
    (['cpu', 'memory'] as const).some((resource) => (amount(owner, kind, resource) ?? 0) > 0),
  );
}
