import { type Container, containersOf, type Pod } from '../../kubernetes/pod.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';

const RESOURCES = ['cpu', 'memory'] as const;

type Resource = (typeof RESOURCES)[number];

/** The promise that init containers of ours break, or undefined: the pod asks for no more than before, and is of the same QoS class. */
export function brokenCosts(before: Pod, after: Pod): string | undefined {
  if (before.spec.initContainers === after.spec.initContainers) return undefined;
  const raised = RESOURCES.find((resource) => requested(after, resource) > requested(before, resource) * (1 + 1e-9));
  if (raised !== undefined) return `the pod would ask for more ${raised}`;
  return qosClass(before) === qosClass(after) ? undefined : 'the pod would be of another QoS class';
}

/**
 * What a pod asks for of a resource: all that run at the same time, or what one init container needs beside the sidecars that started before
 * it, if that is more (k8s.io/component-helpers resource/helpers.go AggregateContainerRequests).
 */
function requested({ spec }: Pod, resource: Resource): number {
  const whole = amount(spec, 'requests', resource);
  if (whole !== undefined) return whole;
  let running = spec.containers.reduce((sum, container) => sum + request(container, resource), 0);
  let sidecars = 0;
  let most = 0;
  for (const container of spec.initContainers ?? []) {
    const own = request(container, resource);
    most = Math.max(most, sidecars + own);
    if (container['restartPolicy'] !== 'Always') continue;
    sidecars += own;
    running += own;
  }
  return Math.max(running, most);
}

/** A request that is not written is the limit. */
function request(container: Container, resource: Resource): number {
  return amount(container, 'requests', resource) ?? amount(container, 'limits', resource) ?? 0;
}

/** k8s.io/kubernetes pkg/apis/core/v1/helper/qos: init containers count, zero does not, and resources of the pod as a whole decide. */
function qosClass(pod: Pod): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  const owners: readonly JsonObject[] = isObject(pod.spec['resources']) ? [pod.spec] : containersOf(pod);
  const amounts = owners.flatMap((owner) =>
    RESOURCES.map((resource) => {
      const limit = amount(owner, 'limits', resource) ?? 0;
      return { limit, request: amount(owner, 'requests', resource) ?? limit };
    }),
  );
  if (amounts.every(({ limit, request: asked }) => limit <= 0 && asked <= 0)) return 'BestEffort';
  return amounts.every(({ limit, request: asked }) => limit > 0 && asked === limit) ? 'Guaranteed' : 'Burstable';
}

/** In thousandths, rounded up, as the API server takes it (k8s.io/kubernetes core/v1 defaults.go SetDefaults_ResourceList). */
function amount({ resources }: JsonObject, kind: 'requests' | 'limits', resource: Resource): number | undefined {
  const amounts = isObject(resources) ? resources[kind] : undefined;
  const value = isObject(amounts) ? parseQuantity(amounts[resource]) : undefined;
  return value === undefined ? undefined : Math.ceil(value * 1000 - 1e-6);
}
