import type { Logger } from 'pino';
import { toNamespace } from '../cluster/caches/namespace-object.ts';
import {
  anyNamespace,
  ClusterNamespaces,
  namespacesFromObjects,
  type NamespaceSource,
} from '../cluster/caches/namespaces.ts';
import { loadClient } from '../cluster/client/client.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { type Config, userKubeconfig } from '../config/config.ts';
import { isObject } from '../lib/json.ts';
import { errorMessage } from '../lib/error-message.ts';
import { UsageError } from '../lib/usage-error.ts';
import { sampleNamespace } from '../profile-sources/builtin.ts';

/** Client of the cluster of this kubeconfig, or of the one that this pod runs in. Throws a UsageError if the kubeconfig cannot be used. */
export async function openCluster(kubeconfig: string | undefined): Promise<KubeClient | undefined> {
  try {
    return await loadClient(kubeconfig === undefined ? {} : { kubeconfig });
  } catch (error) {
    throw new UsageError([errorMessage(error)]);
  }
}

/**
 * Client of the cluster that kubectl would use (`--kubeconfig`, KUBECONFIG or `~/.kube/config`), or of the one that this pod runs in. Throws a
 * UsageError if there is none.
 */
export async function openUserCluster(kubeconfig: string | undefined): Promise<KubeClient> {
  const cluster = await openCluster(userKubeconfig(kubeconfig));
  if (cluster) return cluster;
  throw new UsageError(['no cluster found: use --kubeconfig FILE or set KUBECONFIG']);
}

/** Namespaces of the file if one is given, else of the cluster, else the built-in sample namespace under every name. */
export async function openNamespaces(
  file: Config['namespaces'],
  cluster: KubeClient | undefined,
  log: Logger,
): Promise<NamespaceSource> {
  if (file !== undefined) {
    // Loaded on demand: a server with a cluster reads no manifests.
    const { readNamespaces } = await import('../manifests/file.ts');
    return namespacesFromObjects(await readNamespaces(file));
  }
  if (cluster) {
    log.info({ server: cluster.server }, 'reading namespaces from the API server');
    return new ClusterNamespaces(cluster, { logger: log }).start();
  }
  log.warn(
    {},
    'no cluster and no Namespace manifests: the built-in sample namespace is used for every pod (see --kubeconfig, --namespaces)',
  );
  return anyNamespace(isObject(sampleNamespace) ? (toNamespace(sampleNamespace) ?? {}) : {});
}
