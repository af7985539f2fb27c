import type { KubeClient } from '../../cluster/client/types.ts';
import { attributeKindOf, creatorOf, ownerOf, workloadNameOf } from '../../kubernetes/owner.ts';
import { hasEnded, type Pod } from '../../kubernetes/pod.ts';
import { type NamespacedPod, readPods } from './reader.ts';
import type { Target } from './targets.ts';

type Workload = Pick<Target, 'workload' | 'name'>;

/** The pods that a workload has created, without those that have ended. Throws an Error if they cannot be listed. */
export async function readPodsOf(
  client: KubeClient,
  { workload, name, namespace }: Workload & Pick<Target, 'namespace'>,
): Promise<readonly NamespacedPod[]> {
  const found: NamespacedPod[] = [];
  await readPods(client, { namespace }, (pods) => {
    found.push(...pods.filter(({ pod }) => !hasEnded(pod) && isOf(pod, { workload, name })));
    return Promise.resolve();
  });
  return found;
}

/** True if the workload has created the pod, or controls it: a ReplicaSet has pods, too. */
function isOf(pod: Pod, { workload, name }: Workload): boolean {
  const creator = creatorOf(pod);
  const owner = ownerOf(pod);
  const isNamed = [creator, owner].some((one) => one?.kind === workload.kind && one.name === name);
  if (isNamed || workload.controller === undefined || workload.controller === workload.kind) return isNamed;
  // A Job that someone has created by hand may have the name of a CronJob.
  if (workload.kind === 'CronJob') return attributeKindOf(pod) === 'cronjob' && workloadNameOf(pod) === name;
  // Deployments are found above. The controllers of other kinds have their name with a suffix.
  const isDeployment = [workload.kind, creator?.kind].includes('Deployment');
  return !isDeployment && owner?.['kind'] === workload.controller && workloadNameOf(pod) === name;
}
