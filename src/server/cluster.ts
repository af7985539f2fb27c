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
import { UsageError } from '../lib/usage-error.ts';
import { sampleNamespace } from '../profile-sources/builtin.ts';

/** The cluster that the settings name, or that this pod runs in. Throws a UsageError when its kubeconfig cannot be used. */
export async function openCluster(kubeconfig: string | undefined): Promise<KubeClient | undefined> {
  try {
    return await loadClient(kubeconfig === undefined ? {} : { kubeconfig });
  } catch (error) {
    throw new UsageError([error instanceof Error ? error.message : String(error)]);
  }
}

/**
 * The cluster that a command of a person is about: as kubectl finds it, by `--kubeconfig`, KUBECONFIG or `~/.kube/config`, else the one that
 * this pod runs in. Throws a UsageError when there is none.
 */
export async function openUserCluster(kubeconfig: string | undefined): Promise<KubeClient> {
  const cluster = await openCluster(userKubeconfig(kubeconfig));
  if (cluster) return cluster;
  throw new UsageError(['no cluster: give --kubeconfig FILE, or set KUBECONFIG']);
}

/** A file of namespaces if one is named, else the cluster, else the sample namespace under every name. */
export async function openNamespaces(
  file: Config['namespaces'],
  cluster: KubeClient | undefined,
  log: Logger,
): Promise<NamespaceSource> {
  if (file !== undefined) {
    // Late: a server of a cluster reads no manifests.
    const { readNamespaces } = await import('../manifests/file.ts');
    return namespacesFromObjects(await readNamespaces(file));
  }
  if (cluster) {
    log.info({ server: cluster.server }, 'namespaces come from the API server');
    return new ClusterNamespaces(cluster, { logger: log }).start();
  }
  log.warn(
    {},
    'no cluster and no file of namespaces: every namespace counts as the built-in sample (see --kubeconfig, --namespaces)',
  );
  return anyNamespace(isObject(sampleNamespace) ? (toNamespace(sampleNamespace) ?? {}) : {});
}
