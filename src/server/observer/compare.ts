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

/** Looks at the other pods of a workload and of its nodes. Throws an Error if they cannot be listed. */
export async function compare(
  client: KubeClient,
  { workload, profiles, nodes }: CompareStep,
  { now, runsMs, signal }: { readonly now: number; readonly runsMs: number; readonly signal: AbortSignal },
): Promise<Comparison> {
  const comparing = new Comparing({ workload, profiles, now, runsMs, timeOf });
  const read = (path: string, selector: Selector, onPod: (pod: Pod) => void): Promise<void> =>
    readPods(new PagedList({ ...LIST, client, path, selector }), signal, onPod);
  await read(`/api/v1/namespaces/${workload.namespace}/pods`, {}, (pod) => comparing.addNeighbour(pod));
  for (const node of nodes) {
    // oxlint-disable-next-line no-await-in-loop -- few, and one at a time
    await read('/api/v1/pods', { fieldSelector: `spec.nodeName=${node}` }, (pod) => comparing.addOnNode(pod));
  }
  return comparing.result();
}

type Selector = Readonly<Record<string, string>>;

const LIST = { metadataOnly: false, pageItems: 100, compressed: true };

async function readPods(list: PagedList, signal: AbortSignal, onPod: (pod: Pod) => void): Promise<void> {
  const onItem = (item: JsonObject): void => {
    const pod = decodePod(item);
    if (pod.ok) onPod(pod.value);
  };
  const end = await list.read({ timeoutMs: TIMEOUT_MS, signal, onRequest: () => {}, onItem });
  if (end.kind !== 'listed') throw new Error(`other pods cannot be listed: ${describeInterruption(end)}`);
}
