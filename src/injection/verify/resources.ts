import { type Container, containersOf, type Pod } from '../../kubernetes/pod.ts';
import { resourceMillis } from '../../kubernetes/quantity.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';

const RESOURCES = ['cpu', 'memory'] as const;

type Resource = (typeof RESOURCES)[number];

/** Checks that new init containers raise no request of the pod and keep its QoS class. */
export function brokenResources(before: Pod, after: Pod): string | undefined {
  if (before.spec.initContainers === after.spec.initContainers) return undefined;
  // Sums above 2^53 are not exact.
  const raised = RESOURCES.find((resource) => podRequest(after, resource) > podRequest(before, resource) * (1 + 1e-9));
  if (raised !== undefined) return `the pod would request more ${raised}`;
  return qosClass(before) === qosClass(after) ? undefined : 'the QoS class of the pod would change';
}

/**
 * The request of the pod as a whole, else the larger of what all containers request that run at the same time and of what an init container
 * requests together with the sidecars started before it (k8s.io/component-helpers resource/helpers.go AggregateContainerRequests).
 */
function podRequest({ spec }: Pod, resource: Resource): number {
  const ofPod = resourceMillis(spec, 'requests', resource);
  if (ofPod !== undefined) return ofPod;
  let running = spec.containers.reduce((sum, container) => sum + containerRequest(container, resource), 0);
  let sidecars = 0;
  let starting = 0;
  for (const container of spec.initContainers ?? []) {
    const request = containerRequest(container, resource);
    starting = Math.max(starting, sidecars + request);
    if (container['restartPolicy'] !== 'Always') continue;
    sidecars += request;
    running += request;
  }
  return Math.max(running, starting);
}

/** A missing request is the limit. */
function containerRequest(container: Container, resource: Resource): number {
  return resourceMillis(container, 'requests', resource) ?? resourceMillis(container, 'limits', resource) ?? 0;
}

/** k8s.io/kubernetes pkg/apis/core/v1/helper/qos: init containers count, zero does not, and resources of the pod as a whole take precedence. */
function qosClass(pod: Pod): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  const owners: readonly JsonObject[] = isObject(pod.spec['resources']) ? [pod.spec] : containersOf(pod);
  const shares = owners.flatMap((owner) =>
    RESOURCES.map((resource) => {
      const limit = resourceMillis(owner, 'limits', resource) ?? 0;
      return { limit, request: resourceMillis(owner, 'requests', resource) ?? limit };
    }),
  );
  if (shares.every(({ limit, request }) => limit <= 0 && request <= 0)) return 'BestEffort';
  return shares.every(({ limit, request }) => limit > 0 && request === limit) ? 'Guaranteed' : 'Burstable';
}
