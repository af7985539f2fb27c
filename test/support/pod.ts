import type { KubeObject } from './client.ts';
import { waitUntil, type WaitOptions } from './wait-for.ts';
import type { Client } from './client.ts';

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly [field: string]: unknown }[];
  readonly [field: string]: unknown;
}

export interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly [field: string]: unknown;
  };
}

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** @default one container named `app` */
  readonly spec?: Pod['spec'];
}

export function container(name: string, rest: Readonly<Record<string, unknown>> = {}): Container {
  return { name, image: `registry.example.com/${name}:1`, ...rest };
}

export function podOf(namespace: string, name: string, { labels, annotations, spec }: PodOptions = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: spec ?? { containers: [container('app')] },
  };
}

/** The value of a variable in a container, if it is set. */
export function variable(pod: Pod, name: string, of = 'app'): string | undefined {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const found = all.find((one) => one.name === of);
  if (!found) throw new Error(`no container ${of} among ${all.map((one) => one.name).join(', ')}`);
  return found.env?.find((entry) => entry.name === name)?.value;
}

/** Names of the containers that load the agent's profiler. */
export function instrumented(pod: Pod): readonly string[] {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
    .map(({ name }) => name)
    .filter((name) => variable(pod, 'CORECLR_PROFILER', name) === '{6C7CAF0F-D0E5-4274-A71B-6551761BBDC8}');
}

/** The status record on the pod. */
export function recordOf(pod: Pod): unknown {
  const text = pod.metadata?.annotations?.['agent-injector.io/status'];
  return text === undefined ? undefined : JSON.parse(text);
}

/** Waits for exactly this number of pods of a controller. A Deployment stands for its ReplicaSets. */
export async function podsOf(
  client: Client,
  owner: { readonly namespace: string; readonly name: string },
  count: number,
  options?: WaitOptions,
): Promise<readonly [Pod, ...Pod[]]> {
  const owned = (pod: Pod): boolean => {
    const owners = (pod.metadata?.['ownerReferences'] ?? []) as readonly { readonly name: string }[];
    return owners.some(({ name }) => name === owner.name || name.startsWith(`${owner.name}-`));
  };
  const pods = await waitUntil(
    `${count} pods of ${owner.name}`,
    async () => (await client.list<Pod>({ kind: 'Pod', namespace: owner.namespace })).filter(owned),
    (list) => list.length === count,
    options,
  );
  return pods as unknown as readonly [Pod, ...Pod[]];
}

/** The claim of the default profile. */
export const claimIn = (namespace: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'my-agent-file', namespace },
  spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
});
