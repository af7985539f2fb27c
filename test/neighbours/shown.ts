import type { Client } from '../support/client.ts';
import { type Container, variable, type Pod } from '../support/pod.ts';

// What a pod shows after several injectors have changed it.

/** What loads an agent, by the variable that has it. */
const LOADED: readonly (readonly [variable: string, agent: RegExp])[] = [
  ['JAVA_TOOL_OPTIONS', /-javaagent:/g],
  ['NODE_OPTIONS', /--require/g],
  ['PYTHONPATH', /auto_instrumentation|jennifer\/admin|newrelic-python|nri-python/g],
  ['CORECLR_PROFILER', /\{/g],
];

/** The number of agents that a container loads. */
export function agentsIn(pod: Pod, container = 'app'): number {
  const loaded = LOADED.map(([name, agent]) => (variable(pod, name, container)?.match(agent) ?? []).length);
  // The Operator's startup hook is a second agent beside the profiler of another vendor.
  const isWhole = variable(pod, 'CORECLR_PROFILER', container)?.includes('918728DD') ?? true;
  const hooks =
    variable(pod, 'DOTNET_STARTUP_HOOKS', container)?.includes('/otel-auto-instrumentation-dotnet') ?? false;
  return loaded.reduce((sum, count) => sum + count, hooks && !isWhole ? 1 : 0);
}

/** The containers that stand in the pod and not in the one that was sent. */
export function addedTo(sent: Pod, pod: Pod): readonly Container[] {
  const own = new Set(containersOf(sent).map(({ name }) => name));
  return containersOf(pod).filter(({ name }) => !own.has(name));
}

/** What no order of injectors may lead to: names that occur twice, and agents in containers that another injector has added. */
export function flawsIn(sent: Pod, pod: Pod): readonly string[] {
  const containers = containersOf(pod);
  const volumes = (pod.spec['volumes'] ?? []) as readonly { readonly name: string }[];
  return [
    ...twice(
      'container',
      containers.map(({ name }) => name),
    ),
    ...twice(
      'volume',
      volumes.map(({ name }) => name),
    ),
    ...containers.flatMap(({ name, env = [], ...rest }) => {
      const mounts = (rest['volumeMounts'] ?? []) as readonly { readonly mountPath: string }[];
      return [
        ...twice(
          `${name}: variable`,
          env.map((entry) => entry.name),
        ),
        ...twice(
          `${name}: mount`,
          mounts.map(({ mountPath }) => mountPath),
        ),
      ];
    }),
    ...addedTo(sent, pod).flatMap(({ name }) => (agentsIn(pod, name) > 0 ? [`an agent in ${name}`] : [])),
  ];
}

/** What differs if the pod is sent again as it was stored: nothing, unless injectors go on changing it. Annotations of `ignored` may differ. */
export async function changesOf(client: Client, pod: Pod, ignored: readonly string[] = []): Promise<readonly string[]> {
  const { name = '', namespace = '', labels, annotations } = pod.metadata ?? {};
  const sent = { ...pod, metadata: { name, namespace, labels, annotations } } as Pod;
  const { object } = await client.create<Pod>(sent, { dryRun: true });
  const parts = (of: Pod): Readonly<Record<string, unknown>> => ({
    ...of.spec,
    labels: of.metadata?.labels,
    annotations: Object.entries(of.metadata?.annotations ?? {}).filter(([key]) => !ignored.includes(key)),
  });
  const [before, after] = [parts(pod), parts(object)];
  return Object.keys({ ...before, ...after })
    .filter((part) => JSON.stringify(before[part]) !== JSON.stringify(after[part]))
    .map((part) => `${part}: ${JSON.stringify(before[part])} -> ${JSON.stringify(after[part])}`);
}

export function containersOf({ spec }: Pod): readonly Container[] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}

function twice(what: string, names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${what} ${name} twice`);
}
