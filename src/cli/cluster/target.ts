import { describeFailure } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { creatorOf, ownerOf, workloadNameOf } from '../../kubernetes/owner.ts';
import { hasEnded, type Pod } from '../../kubernetes/pod.ts';
import { apiPath, templateOf, type WorkloadKind, workloadKindNamed, workloadKinds } from '../../kubernetes/workload.ts';
import type { JsonObject } from '../../lib/json.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { type NamespacedPod, type NamespaceScope, readPods } from './reader.ts';

/** A pod or a workload that a user named. */
export interface Workload {
  readonly workload: WorkloadKind;
  readonly name: string;
  readonly object: JsonObject;
  readonly template: JsonObject;
}

/** Reads the object of `KIND/NAME`. Throws a UsageError for an unknown kind, an Error if the object cannot be read. */
export async function readWorkload(client: KubeClient, target: string, namespace: string): Promise<Workload> {
  const [word = '', name = ''] = target.split('/');
  const workload = workloadKindNamed(word);
  if (!workload || name === '') {
    const known = workloadKinds.flatMap(({ plural, short }) => [plural, ...short]);
    throw new UsageError([
      workload || word === ''
        ? `"${target}" must be KIND/NAME, such as deploy/web`
        : `"${word}" is not a pod or workload kind${didYouMean(nearest(word, known))}`,
    ]);
  }
  const answer = await readOnce(client, apiPath(workload, namespace, name));
  if (answer.kind !== 'ok') throw new Error(`${workload.kind} ${namespace}/${name}: ${describeFailure(answer)}`);
  const template = templateOf(workload, answer.body);
  if (!template) throw new Error(`${workload.kind} ${namespace}/${name} has no pod template`);
  return { workload, name, object: answer.body, template };
}

/** The pods that a workload has created, without those that have ended. Throws an Error if they cannot be listed. */
export async function readPodsOf(
  client: KubeClient,
  { workload, name }: Pick<Workload, 'workload' | 'name'>,
  { namespace }: NamespaceScope,
): Promise<readonly NamespacedPod[]> {
  const found: NamespacedPod[] = [];
  await readPods(client, { namespace }, (pods) => {
    found.push(...pods.filter(({ pod }) => !hasEnded(pod) && isOf(pod, { workload, name })));
    return Promise.resolve();
  });
  return found;
}

/** True if the workload has created the pod, or controls it: a ReplicaSet has pods, too. */
function isOf(pod: Pod, { workload, name }: Pick<Workload, 'workload' | 'name'>): boolean {
  const creator = creatorOf(pod);
  const owner = ownerOf(pod);
  const isNamed = [creator, owner].some((one) => one?.kind === workload.kind && one.name === name);
  if (isNamed || workload.controller === undefined) return isNamed;
  // Deployments are found above. The controllers of other kinds have their name with a suffix.
  const isDeployment = [workload.kind, creator?.kind].includes('Deployment');
  return !isDeployment && owner?.['kind'] === workload.controller && workloadNameOf(pod) === name;
}
