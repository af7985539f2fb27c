import { selectorMatches } from '../../kubernetes/label-selector.ts';
import {
  partitionOf,
  type Progress,
  progressOf,
  replicasOf,
  RESTARTABLE_KINDS,
} from '../../kubernetes/rollout/progress.ts';
import { type Json, type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import type { WorkloadStatus } from '../workload-status.ts';
import type { Gap, Mode } from './gaps.ts';

export interface Budget {
  readonly namespace: string;
  readonly name: string;
  readonly selector: Json | undefined;
  /** Pods that may be evicted now. */
  readonly allowed: number;
}

/** A workload whose pods are not what would be created now. */
export interface PlannedWorkload {
  readonly namespace: string;
  /** `Deployment/web`. */
  readonly workload: string;
  /** Pods by what is wrong with them. */
  readonly gaps: Readonly<Partial<Record<Gap, number>>>;
  readonly pods: number;
  readonly replicas: number;
  readonly strategy: string;
  readonly budgets: readonly Pick<Budget, 'name' | 'allowed'>[];
  readonly warnings: readonly string[];
  /** Why it is left out. */
  readonly blocked?: string;
}

export interface PlanInputs {
  /** Workloads as read from the API server, by `workloadId`. */
  readonly objects: ReadonlyMap<string, JsonObject>;
  readonly budgets: readonly Budget[];
  readonly gaps: readonly Gap[];
  readonly mode: Mode;
}

export function workloadId({ namespace, workload }: Pick<PlannedWorkload, 'namespace' | 'workload'>): string {
  return `${namespace}/${workload}`;
}

/** The gaps of a workload that are asked about, with the number of pods; undefined if it has none of them. */
export function gapsOf(status: WorkloadStatus, asked: readonly Gap[]): PlannedWorkload['gaps'] | undefined {
  const found = asked.flatMap((gap): readonly (readonly [Gap, number])[] =>
    status[gap] > 0 ? [[gap, status[gap]]] : [],
  );
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** The workloads to restart, in the order of their names. */
export function planRollout(statuses: readonly WorkloadStatus[], inputs: PlanInputs): readonly PlannedWorkload[] {
  return statuses.flatMap((status) => {
    const gaps = gapsOf(status, inputs.gaps);
    return gaps ? [planned(status, gaps, inputs)] : [];
  });
}

function planned(
  status: WorkloadStatus,
  gaps: PlannedWorkload['gaps'],
  { objects, budgets: all, mode }: PlanInputs,
): PlannedWorkload {
  const { namespace, workload, pods } = status;
  const kind = kindOf(workload);
  const object = objects.get(workloadId(status));
  const labels = templateLabels(object);
  const budgets = all
    .filter((one) => one.namespace === namespace && labels && selectorMatches(one.selector, labels))
    .map(({ name, allowed }) => ({ name, allowed }));
  const blocked = whyBlocked(kind, object, mode);
  return {
    namespace,
    workload,
    gaps,
    pods,
    replicas: object ? replicasOf(kind, object) : pods,
    strategy: object ? strategyOf(object) : '',
    budgets,
    warnings: object ? warningsFor(kind, object, mode, budgets) : [],
    ...(blocked !== undefined && { blocked }),
  };
}

export function kindOf(workload: string): string {
  return workload.split('/', 1)[0] ?? '';
}

function templateLabels(object: JsonObject | undefined): Readonly<Record<string, string>> | undefined {
  const labels = Object.entries(
    objectIn(objectIn(objectIn(objectIn(object, 'spec'), 'template'), 'metadata'), 'labels'),
  );
  return object && Object.fromEntries(labels.map(([name, value]) => [name, typeof value === 'string' ? value : '']));
}

/** Why the pods of a workload cannot be replaced in this way, as a sentence fragment. */
export function whyBlocked(kind: string, object: JsonObject | undefined, mode: Mode): string | undefined {
  if (kind === 'Pod' || kind === 'Job') return `nothing creates the pods of a ${kind} again`;
  if (!RESTARTABLE_KINDS.includes(kind)) return `a ${kind} is not restarted: restart what controls it`;
  if (!object) return 'it could not be read';
  return mode === 'evict' ? undefined : whyNotRestarted(objectIn(object, 'spec'));
}

function whyNotRestarted(spec: JsonObject): string | undefined {
  if (spec['paused'] === true) return 'it is paused';
  if (strategyOf({ spec }) === 'OnDelete') return 'its strategy OnDelete replaces no pods: use --mode evict';
  const partition = partitionOf(spec);
  return partition > 0 ? `its partition keeps the pods below ${partition} as they are` : undefined;
}

function strategyOf(object: JsonObject): string {
  const spec = objectIn(object, 'spec');
  const strategy = objectIn(spec, 'strategy' in spec ? 'strategy' : 'updateStrategy');
  // A Rollout has a field for each of its strategies.
  return textIn(strategy, 'type') || (Object.keys(strategy)[0] ?? '');
}

function warningsFor(
  kind: string,
  object: JsonObject,
  mode: Mode,
  budgets: PlannedWorkload['budgets'],
): readonly string[] {
  const progress: Progress = progressOf(kind, object);
  const spent = budgets.filter(({ allowed }) => allowed === 0).map(({ name }) => name);
  return [
    ...(progress.kind === 'complete' ? [] : [unfinished(progress)]),
    ...(mode === 'restart' && strategyOf(object) === 'Recreate' ? ['all of its pods stop before new ones start'] : []),
    ...(isAwayMeanwhile(kind, object, mode) ? ['its only pod is away meanwhile'] : []),
    ...(mode === 'evict' && spent.length > 0 ? [`PodDisruptionBudget ${spent.join(', ')} allows no eviction now`] : []),
  ];
}

export function unfinished(progress: Exclude<Progress, { kind: 'complete' }>): string {
  return `its rollout is not complete: ${progress.kind === 'failed' ? progress.why : progress.what}`;
}

function isAwayMeanwhile(kind: string, object: JsonObject, mode: Mode): boolean {
  if (replicasOf(kind, object) !== 1) return false;
  if (kind !== 'Deployment' || mode === 'evict') return kind !== 'Rollout';
  const surge = objectIn(objectIn(objectIn(object, 'spec'), 'strategy'), 'rollingUpdate')['maxSurge'];
  return surge === 0 || surge === '0%';
}
