import { labelsOf, type Pod } from '../kubernetes/pod.ts';
import { isObject, type Json } from '../lib/json.ts';

/** Who makes a pod anew when it is gone. */
export interface Creator {
  readonly kind: string;
  readonly name: string;
}

/** The kinds that `kubectl rollout restart` knows. */
const RESTARTABLE: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** The workload that makes a pod: by its owner reference, and of a Deployment's ReplicaSet by the hash in its name. */
export function creatorOf(pod: Pod): Creator | undefined {
  const owners = pod.metadata?.['ownerReferences'];
  const owner = Array.isArray(owners)
    ? owners.find((one: Json) => isObject(one) && one['controller'] === true)
    : undefined;
  if (!isObject(owner) || typeof owner['kind'] !== 'string' || typeof owner['name'] !== 'string') return undefined;
  const { kind, name } = { kind: owner['kind'], name: owner['name'] };
  const hash = labelsOf(pod)['pod-template-hash'];
  return kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)
    ? { kind: 'Deployment', name: name.slice(0, -hash.length - 1) }
    : { kind, name };
}

/** The command that has the pods of a workload made anew; undefined where there is none that does just this. */
export function restartCommand(namespace: string, maker: Creator | undefined): string | undefined {
  if (!maker || !RESTARTABLE.has(maker.kind)) return undefined;
  return `kubectl -n ${namespace} rollout restart ${maker.kind.toLowerCase()}/${maker.name}`;
}
