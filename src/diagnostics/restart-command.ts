import type { Workload } from '../kubernetes/cluster-state.ts';

/** The kinds that `kubectl rollout restart` supports. */
const RESTARTABLE: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** The command that replaces the pods of a workload; undefined for kinds that kubectl does not restart. */
export function restartCommand(namespace: string, workload: Workload | undefined): string | undefined {
  if (!workload || !RESTARTABLE.has(workload.kind)) return undefined;
  return `kubectl -n ${namespace} rollout restart ${workload.kind.toLowerCase()}/${workload.name}`;
}
