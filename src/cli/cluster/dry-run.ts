import { DISABLED, INJECTION_LABEL, key } from '../../api/keys.ts';
import { readStatus } from '../../api/status-annotation.ts';
import { describeFailure, type Failure } from '../../cluster/client/errors.ts';
import type { ApiResponse, KubeClient } from '../../cluster/client/types.ts';
import { sendOnce } from '../../cluster/one-shot.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import type { JsonObject } from '../../lib/json.ts';

/** A pod as its workload creates it, and as it would be with the agents. */
export interface Tried {
  readonly namespace: string;
  readonly original: Pod;
  readonly changed: Pod;
}

/**
 * Creates the changed pod as a dry run: Pod Security, quotas and policies are evaluated, but nothing is stored. That pod is opted out of the webhook,
 * because it is injected already, so the original one is sent after it: the answer is what became of that one, unless it is a refusal that does not count.
 */
export async function createAsDryRun(
  client: KubeClient,
  { namespace, original, changed }: Tried,
  counts: (refusal: Failure) => boolean,
): Promise<ApiResponse> {
  const answer = await send(client, namespace, optedOut(changed));
  if (answer.kind !== 'ok') return answer;
  const called = await send(client, namespace, original);
  return called.kind === 'ok' || counts(called) ? called : answer;
}

/** The dry run of a pod that is to be injected, in words: without a record in what the API server has made of it, no server has answered. */
export function dryRunText(answer: ApiResponse): string {
  if (answer.kind !== 'ok') return `refused: ${describeFailure(answer)}`;
  const decoded = decodePod(answer.body);
  const isRecorded = decoded.ok && readStatus(decoded.value) !== undefined;
  return isRecorded ? 'accepted' : 'accepted without an agent: agent-injector was not called, or did not answer';
}

/** True if a webhook did not answer, and the API server refuses pods for that. */
export function isFailedCall(refusal: Failure): boolean {
  return refusal.kind === 'http' && refusal.message.includes('failed calling webhook');
}

function optedOut({ metadata, ...pod }: Pod): Pod {
  const labels = { ...metadata?.labels, [INJECTION_LABEL]: DISABLED };
  const annotations = { ...metadata?.annotations, [key('inject')]: 'false' };
  return { ...pod, metadata: { ...metadata, labels, annotations } };
}

function send(client: KubeClient, namespace: string, { metadata, spec }: Pod): Promise<ApiResponse> {
  const { labels = {}, annotations = {} } = metadata ?? {};
  const body: JsonObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'agent-injector-dry-run-',
      namespace,
      labels: { ...labels },
      annotations: { ...annotations },
    },
    spec,
  };
  return sendOnce(client, `/api/v1/namespaces/${namespace}/pods?dryRun=All`, body);
}
