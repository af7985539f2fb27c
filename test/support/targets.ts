import { type ClusterState, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
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
