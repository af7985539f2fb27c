import { describeInterruption } from '../../cluster/watch/backoff.ts';
import { PagedList } from '../../cluster/watch/list.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { timeOf } from '../../cluster/caches/injected-pods.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import type { JsonObject } from '../../lib/json.ts';
import { Comparing, type Comparison } from '../../observer/comparison.ts';
import type { Step } from '../../observer/steps.ts';

type CompareStep = Extract<Step, { kind: 'compare' }>;

const TIMEOUT_MS = 15_000;

const PAGE_ITEMS = 100;

/** Looks at the other pods of a workload and of its nodes. Throws an Error if they cannot be listed. */
export async function compare(
  client: KubeClient,
  { workload, profiles, nodes }: CompareStep,
  { now, runsMs, signal }: { readonly now: number; readonly runsMs: number; readonly signal: AbortSignal },
): Promise<Comparison> {
  const comparing = new Comparing({ workload, profiles, now, runsMs, timeOf });
  await readPods(client, `/api/v1/namespaces/${workload.namespace}/pods`, {}, signal, (pod) =>
    comparing.addNeighbour(pod),
  );
  for (const node of nodes) {
    const fieldSelector = `spec.nodeName=${node}`;
    // oxlint-disable-next-line no-await-in-loop -- few, and one at a time
    await readPods(client, '/api/v1/pods', { fieldSelector }, signal, (pod) => comparing.addOnNode(pod));
  }
  return comparing.result();
}

async function readPods(
  client: KubeClient,
  path: string,
  selector: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onPod: (pod: Pod) => void,
): Promise<void> {
  const list = new PagedList({ client, path, metadataOnly: false, selector, pageItems: PAGE_ITEMS, compressed: true });
  const onItem = (item: JsonObject): void => {
    const pod = decodePod(item);
    if (pod.ok) onPod(pod.value);
  };
  const end = await list.read({ timeoutMs: TIMEOUT_MS, signal, onRequest: () => {}, onItem });
  if (end.kind !== 'listed') throw new Error(`the pods of ${path} cannot be listed: ${describeInterruption(end)}`);
}
