import { describeFailure, isNotFound } from '../../cluster/client/errors.ts';
import type { ApiResponse, KubeClient } from '../../cluster/client/types.ts';
import { readAll, readOnce } from '../../cluster/one-shot.ts';
import { describeInterruption } from '../../cluster/watch/backoff.ts';
import type { Gap } from '../../diagnostics/rollout/gaps.ts';
import type { PlannedWorkload } from '../../diagnostics/rollout/plan.ts';
import { WorkloadStatuses } from '../../diagnostics/workload-status.ts';
import { workloadText } from '../../kubernetes/owner.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import { apiPath, podKind } from '../../kubernetes/workload.ts';
import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { NoticedReads } from '../cluster/noticed-reads.ts';
import { readClusterStates } from '../cluster/state.ts';
import type { Known } from '../status/status.ts';
import { restartableKinds } from './survey.ts';

/** The API server, and what decides about pods. */
export interface Cluster {
  readonly client: KubeClient;
  readonly known: Known;
  readonly gaps: readonly Gap[];
}

export interface Target {
  readonly object: JsonObject;
  /** Those that the workload controls, also those that end. */
  readonly pods: readonly Pod[];
}

/** `absent`: the workload is gone. `unread`: the API server did not answer, which says nothing. */
export type ReadTarget =
  | { readonly kind: 'read'; readonly target: Target }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unread'; readonly why: string };

export function pathOf({ namespace, workload }: PlannedWorkload): string {
  const [kind = '', name = ''] = workload.split('/');
  const row = restartableKinds.find((one) => one.kind === kind);
  return row ? apiPath(row, namespace, name) : '';
}

export async function readTarget({ client }: Cluster, planned: PlannedWorkload): Promise<ReadTarget> {
  const answer = await readOnce(client, pathOf(planned));
  if (answer.kind !== 'ok') return isNotFound(answer) ? { kind: 'absent' } : unread(answer);
  const pods: Pod[] = [];
  const labelSelector = selectorText(objectIn(answer.body, 'spec')['selector']);
  const failed = await readAll(
    client,
    apiPath(podKind, planned.namespace),
    (items) => {
      for (const item of items) {
        const decoded = decodePod(item);
        if (decoded.ok && isPodOf(decoded.value, planned)) pods.push(decoded.value);
      }
    },
    labelSelector === '' ? {} : { selector: labelSelector },
  );
  if (failed) return { kind: 'unread', why: describeInterruption(failed) };
  return { kind: 'read', target: { object: answer.body, pods } };
}

function unread(failure: Exclude<ApiResponse, { kind: 'ok' }>): ReadTarget {
  return { kind: 'unread', why: describeFailure(failure) };
}

function isPodOf(pod: Pod, { workload }: PlannedWorkload): boolean {
  return workloadText(pod) === workload;
}

/** A label selector, as a query has it. */
export function selectorText(selector: Json | undefined): string {
  if (!isObject(selector)) return '';
  const matched = objectIn(selector, 'matchLabels');
  const labels = Object.keys(matched).map((name) => `${name}=${textIn(matched, name)}`);
  const expressions = objectsIn(selector, 'matchExpressions').map((expression) => {
    const { values } = expression;
    const key = textIn(expression, 'key');
    const list = `(${Array.isArray(values) ? values.map(String).join(',') : ''})`;
    const operator = textIn(expression, 'operator');
    if (operator === 'In') return `${key} in ${list}`;
    if (operator === 'NotIn') return `${key} notin ${list}`;
    return operator === 'Exists' ? key : `!${key}`;
  });
  return [...labels, ...expressions].join(',');
}

/** `unread`: something on which decisions depend could not be read, so that they may be other ones than the server's. */
export type ReadGaps =
  | { readonly kind: 'read'; readonly gaps: ReadonlyMap<Pod, Gap> }
  | { readonly kind: 'unread'; readonly why: string };

/** By the client of the run: what is read once in it, and what could not be read, is the same for all workloads. */
const noticed = new WeakMap<KubeClient, NoticedReads>();

/** The pods that are not what would be created now, by the same code as `status`, with the gap of each. */
export async function gapsOfPods(
  { client, known, gaps }: Cluster,
  name: string,
  pods: readonly Pod[],
): Promise<ReadGaps> {
  const found = new Map<Pod, Gap>();
  const namespace = known.namespaces.get(name);
  if (!namespace) return { kind: 'read', gaps: found };
  const { catalogue, options } = known.settingsFor(namespace);
  const reads = noticed.get(client) ?? new NoticedReads(client);
  noticed.set(client, reads);
  const failure = reads.watch();
  const stateOf = await readClusterStates(
    reads.client,
    pods.map((pod) => ({ namespace: name, pod })),
    () => options,
  );
  const failed = failure();
  if (failed) return { kind: 'unread', why: describeFailure(failed) };
  for (const pod of pods) {
    const statuses = new WorkloadStatuses();
    statuses.add({ pod, namespace, catalogue, cluster: stateOf(name) });
    const [gap] = statuses.list().flatMap((status) => gaps.filter((one) => status[one] > 0));
    if (gap !== undefined) found.set(pod, gap);
  }
  return { kind: 'read', gaps: found };
}
