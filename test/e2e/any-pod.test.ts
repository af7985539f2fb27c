import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pods } from '../support/generated-pod.ts';
import { ApiError, type Client } from '../support/client.ts';
import { optedIn, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { instrumented, type Container, type Pod } from '../support/pod.ts';

// An API server refuses a pod that a patch made invalid, whatever the failurePolicy: only the real one knows all that it refuses.

/** More of them, on a quiet night: ANY_PODS=10000. */
const COUNT = Number(process.env['ANY_PODS'] ?? 300);
const AT_ONCE = 8;

let cluster: InjectedCluster;
let client: Client;
beforeAll(async () => {
  cluster = await startInjectedCluster();
  ({ client } = cluster);
  await client.createNamespace('ours', optedIn());
  await client.createNamespace('bare');
});
afterAll(() => cluster?.stop());

/** The generated pods are hostile; these have at least what every pod must have, so that most are taken. */
function likely(pod: Pod, index: number): Pod {
  const names = new Set(((pod.spec['volumes'] ?? []) as readonly { readonly name: string }[]).map(({ name }) => name));
  const fit = (container: Container): Container => {
    const mounts = (container['volumeMounts'] ?? []) as readonly { readonly name: string }[];
    return { ...container, image: 'image', volumeMounts: mounts.filter(({ name }) => names.has(name)) };
  };
  const { labels: _, ...metadata } = (pod.metadata ?? {}) as Record<string, unknown>;
  const init = pod.spec.initContainers;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: `pod-${index}`, managedFields: undefined },
    spec: { ...pod.spec, containers: pod.spec.containers.map(fit), ...(init && { initContainers: init.map(fit) }) },
  };
}

/** The pod, or why the API server refused it. */
async function tryIn(namespace: string, pod: Pod): Promise<Pod | string> {
  try {
    const { object } = await client.create<Pod>({ ...pod, metadata: { ...pod.metadata, namespace } }, { dryRun: true });
    return object;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

test('the API server accepts every pod with the webhook that it accepts without the webhook', async () => {
  const generated = fc.sample(pods, { numRuns: COUNT, seed: 20_261_120 }) as unknown as readonly Pod[];
  const candidates = generated.map(likely);
  const refused: unknown[] = [];
  let taken = 0;
  let injected = 0;
  const worker = async (first: number): Promise<void> => {
    for (let index = first; index < COUNT; index += AT_ONCE) {
      const pod = candidates[index];
      if (!pod || typeof (await tryIn('bare', pod)) === 'string') continue;
      taken++;
      const outcome = await tryIn('ours', pod);
      if (typeof outcome === 'string') refused.push({ outcome, pod });
      else if (instrumented(outcome).length > 0) injected++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => worker(first)));
  console.log(`${taken} of ${COUNT} generated pods are taken by the API server, ${injected} of them with an agent`);
  expect(refused).toEqual([]);
  // Pods that nobody takes, or that get no agent, prove nothing.
  expect(taken).toBeGreaterThan(COUNT / 3);
  expect(injected).toBeGreaterThan(COUNT / 10);
});
