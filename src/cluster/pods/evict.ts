import type { ApiResponse, GetOptions, KubeClient } from '../client/types.ts';
import type { ObjectName } from '../object-name.ts';

/** Asks the Eviction API, which keeps to PodDisruptionBudgets, to delete a pod: the one with this uid, and not a later one of its name. */
export function evictPod(
  client: KubeClient,
  { namespace, name, uid }: ObjectName & { readonly uid: string },
  limits: Pick<GetOptions, 'timeoutMs' | 'maxBytes'>,
  dryRun = false,
): Promise<ApiResponse> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction${dryRun ? '?dryRun=All' : ''}`;
  const metadata = { name, namespace };
  const deleteOptions = { preconditions: { uid } };
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata, deleteOptions };
  return client.sendJson(path, { ...limits, method: 'POST', body });
}
