import { type ClusterState, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import { STATUS_ANNOTATION } from '../../src/api/keys.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { readTarget } from '../../src/settings/targets/read-target.ts';
import type { Target } from '../../src/settings/targets/target.ts';
import { TargetSet } from '../../src/settings/targets/target-set.ts';

interface Place {
  readonly namespace?: string;
  /** Seconds after the beginning of all tests. */
  readonly created?: number;
}

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

/** An AgentTarget, in namespace `shop` by default. */
export function target(name: string, spec: JsonObject, { namespace = 'shop', created = 0 }: Place = {}): JsonObject {
  const metadata = { name, namespace, creationTimestamp: at(created) };
  return { apiVersion: 'agent-injector.io/v1alpha1', kind: 'AgentTarget', metadata, spec };
}

export function clusterTarget(name: string, spec: JsonObject, { created = 0 }: Place = {}): JsonObject {
  const metadata = { name, creationTimestamp: at(created) };
  return { apiVersion: 'agent-injector.io/v1alpha1', kind: 'ClusterAgentTarget', metadata, spec };
}

export function accepted(object: JsonObject): Target {
  const read = readTarget(object);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

/** A cluster of which nothing else is known. */
export function targetsOf(...objects: readonly JsonObject[]): ClusterState {
  const set = new TargetSet(objects.map(accepted));
  return { ...unknownCluster, targets: (namespace) => set.of(namespace) };
}

/** What a target says in place of these annotations of a namespace. */
export function specOfAnnotations(annotations: Readonly<Record<string, string>>): JsonObject {
  const settings = new Map(Object.entries(annotations).map(([key, value]) => [key.split('/')[1] ?? '', value]));
  const { profile = '', delivery, containers, ...parameters } = Object.fromEntries(settings);
  return {
    profile,
    ...(delivery !== undefined && { delivery }),
    ...(containers !== undefined && { containers: containers.split(',') }),
    parameters,
  };
}

interface Annotated {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> | null | undefined } | null;
}

/** A pod whose record does not say where values are from, and which target has chosen the agent. */
export function withoutOrigin<Object extends Annotated>(pod: Object): Object {
  const annotations = Object.entries(pod.metadata?.annotations ?? {}).map(([key, text]) => {
    if (key !== STATUS_ANNOTATION) return [key, text];
    const record = JSON.parse(text) as { containers?: readonly Record<string, unknown>[] };
    const containers = record.containers?.map(({ from: _, target: __, ...one }) => one);
    return [key, JSON.stringify({ ...record, ...(containers && { containers }) })];
  });
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: Object.fromEntries(annotations) as Record<string, string> },
  };
}
