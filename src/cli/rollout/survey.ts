import type { KubeClient } from '../../cluster/client/types.ts';
import { restartedByUs } from '../../diagnostics/rollout/crashes.ts';
import { type Budget, gapsOf, type PlannedWorkload, planRollout, workloadId } from '../../diagnostics/rollout/plan.ts';
import { workloadText } from '../../kubernetes/owner.ts';
import { podFailure } from '../../kubernetes/rollout/pod-failure.ts';
import { progressOf } from '../../kubernetes/rollout/progress.ts';
import { isExtension, type WorkloadKind, workloadKindNamed } from '../../kubernetes/workload.ts';
import { errorMessage } from '../../lib/error-message.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { type NamespacedPod, type NamespaceScope, readWorkloads } from '../cluster/reader.ts';
import { type Known, readStatuses } from '../status/status.ts';
import { gapsIn, type PlanFlags } from './options.ts';

/** What a rollout in a scope begins with. */
export interface Survey {
  readonly workloads: readonly PlannedWorkload[];
  /** Workloads that `rollout run` has restarted lately, and that are not complete, or whose pods fail. */
  readonly unfinished: readonly PlannedWorkload[];
  readonly notes: readonly string[];
  readonly known: Known;
  /** What the server would decide now is not known, so that no gap can be told. */
  readonly isUndecided: boolean;
}

/** The kinds of RESTARTABLE_KINDS, as the API server has them. */
export const restartableKinds: readonly WorkloadKind[] = [
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'rollouts.argoproj.io',
].flatMap((name) => workloadKindNamed(name) ?? []);

/** Reads pods, workloads and budgets of the scope. Throws an Error if pods or workloads cannot be listed, or the namespace cannot be read. */
export async function readSurvey(client: KubeClient, flags: PlanFlags): Promise<Survey> {
  const gaps = gapsIn(flags);
  const failing = new Set<string>();
  const { report, known } = await readStatuses(client, flags, {
    onPod: (one) => {
      if (podFailure(one.pod) !== undefined) failing.add(idOf(one));
    },
  });
  if (!flags.allNamespaces && !known.namespaces.has(flags.namespace)) throw new Error(report.notes.join('; '));
  const wanted = new Set(report.workloads.filter((status) => gapsOf(status, gaps)).map(workloadId));
  const notes = [...report.notes];
  const objects = await readObjects(client, flags, { wanted, notes });
  const budgets = await readBudgets(client, flags, notes);
  const inputs = { objects, budgets, gaps, mode: flags.mode };
  const workloads = planRollout(report.workloads, inputs);
  const isUnfinished = (id: string): boolean => {
    const object = objects.get(id);
    if (!object || flags.mode !== 'restart' || !wasRestartedLately(client, object)) return false;
    return progressOf(id.split('/')[1] ?? '', object).kind !== 'complete' || failing.has(id);
  };
  const unfinished = [...objects.keys()]
    .filter(isUnfinished)
    .map((id) => workloads.find((one) => workloadId(one) === id) ?? unplanned(id));
  return { workloads, unfinished, notes, known, isUndecided: report.isUndecided ?? false };
}

function idOf({ namespace, pod }: NamespacedPod): string {
  return workloadId({ namespace, workload: workloadText(pod) });
}

/** A restart that is older has nothing to do with this run: its pods may fail for another reason. */
const LATELY_MS = 24 * 60 * 60 * 1000;

function wasRestartedLately({ serverClock }: KubeClient, object: JsonObject): boolean {
  const at = Date.parse(restartedByUs(object) ?? '');
  return (serverClock?.now() ?? new Date()).getTime() - at < LATELY_MS;
}

/** Its pods are what they should be, as far as they are there. */
function unplanned(id: string): PlannedWorkload {
  const [namespace = '', kind = '', name = ''] = id.split('/');
  const nothing = { gaps: {}, pods: 0, replicas: 0, strategy: '', budgets: [], warnings: [] };
  return { namespace, workload: `${kind}/${name}`, ...nothing };
}

/** The objects of the workloads that are wanted, and of those that `rollout run` has restarted. */
async function readObjects(
  client: KubeClient,
  scope: NamespaceScope,
  { wanted, notes }: { readonly wanted: ReadonlySet<string>; readonly notes: string[] },
): Promise<ReadonlyMap<string, JsonObject>> {
  const found = new Map<string, JsonObject>();
  const read = (kind: WorkloadKind): Promise<void> =>
    readWorkloads(client, kind, scope, async (items) => {
      for (const item of items) {
        const metadata = objectIn(item, 'metadata');
        const workload = `${kind.kind}/${textIn(metadata, 'name')}`;
        const id = workloadId({ namespace: textIn(metadata, 'namespace'), workload });
        if (wanted.has(id) || restartedByUs(item) !== undefined) found.set(id, item);
      }
    });
  await Promise.all(
    restartableKinds.map((kind) =>
      read(kind).catch((error: unknown) => {
        if (!isExtension(kind)) throw error;
        notes.push(errorMessage(error));
      }),
    ),
  );
  return found;
}

const budgetKind: WorkloadKind = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  short: [],
  template: [],
  controller: undefined,
};

async function readBudgets(client: KubeClient, scope: NamespaceScope, notes: string[]): Promise<readonly Budget[]> {
  const found: Budget[] = [];
  try {
    await readWorkloads(client, budgetKind, scope, async (items) => {
      for (const item of items) {
        const metadata = objectIn(item, 'metadata');
        const allowed = objectIn(item, 'status')['disruptionsAllowed'];
        found.push({
          namespace: textIn(metadata, 'namespace'),
          name: textIn(metadata, 'name'),
          selector: objectIn(item, 'spec')['selector'],
          allowed: typeof allowed === 'number' ? allowed : 0,
        });
      }
    });
  } catch (error) {
    notes.push(errorMessage(error));
  }
  return found;
}
