import type { Logger } from 'pino';
import { toNamespace } from '../cluster/caches/namespace-object.ts';
import {
  anyNamespace,
  ClusterNamespaces,
  namespacesFromObjects,
  type NamespaceSource,
} from '../cluster/caches/namespaces.ts';
import { loadClient } from '../cluster/client/client.ts';
import { contextNames, contextNamespace, type Identity } from '../cluster/client/credentials.ts';
import type { KubeClient, PodClient } from '../cluster/client/types.ts';
import { type Config, missingToken } from '../config/config.ts';
import { userKubeconfig } from '../config/user-environment.ts';
import { isObject } from '../lib/json.ts';
import { errorMessage } from '../lib/error-message.ts';
import { UsageError } from '../lib/usage-error.ts';
import { sampleNamespace } from '../profile-sources/builtin.ts';

/** True if the settings refer to objects of a cluster, or the namespaces are read from one. */
export function needsCluster(config: Config): boolean {
  const { namespaces, demo, webhookConfiguration, register, configMapKeys, events, auditInterval } = config;
  const isNamed = [webhookConfiguration, register, config.switch, config.breaker, config.imageFacts, config.lease].some(
    (name) => name !== undefined,
  );
  return (namespaces === undefined && !demo) || isNamed || configMapKeys || events || auditInterval !== '0';
}

/** Client of the cluster of this kubeconfig, or of the one that this pod runs in. Throws a UsageError if the kubeconfig cannot be used. */
export async function openCluster(
  kubeconfig: string | undefined,
  identity: Identity = {},
): Promise<PodClient | undefined> {
  try {
    return await loadClient({ ...(kubeconfig !== undefined && { kubeconfig }), identity });
  } catch (error) {
    throw new UsageError([errorMessage(error)]);
  }
}

/** How a command finds its cluster, as kubectl does. */
export interface ClusterOptions extends Identity {
  readonly kubeconfig?: string | undefined;
}

/**
 * Client of the cluster that kubectl would use (`--kubeconfig`, KUBECONFIG or `~/.kube/config`), or of the one that this pod runs in. Throws a
 * UsageError if there is none.
 */
export function openUserCluster({ kubeconfig, ...identity }: ClusterOptions): Promise<PodClient> {
  return requireCluster(userKubeconfig(kubeconfig), 'use --kubeconfig FILE or set KUBECONFIG', identity);
}

/** The namespace that kubectl would use: that of the context, or `default`. */
export async function userNamespace({ kubeconfig, context }: ClusterOptions): Promise<string> {
  return (await contextNamespace(userKubeconfig(kubeconfig), context)) ?? 'default';
}

/** The contexts that `--context` may name. */
export async function userContexts({ kubeconfig }: ClusterOptions): Promise<readonly string[]> {
  const file = userKubeconfig(kubeconfig);
  return file === undefined ? [] : contextNames(file);
}

/** Like `openCluster`; throws a UsageError with the remedy if there is no cluster. */
export async function requireCluster(
  kubeconfig: string | undefined,
  remedy: string,
  { context, as, asGroup }: Identity = {},
): Promise<PodClient> {
  const client = await openCluster(kubeconfig, { context, as, asGroup });
  if (client) return client;
  throw new UsageError([missingToken() ?? `no cluster found: ${remedy}`]);
}

/**
 * Namespaces of the file if one is given, or the built-in sample namespace under every name if that was asked for, else of the cluster. Throws a
 * UsageError without any of them: a server that acts as if it knew the namespaces would inject pods of namespaces that did not opt in.
 */
export async function openNamespaces(
  { namespaces: file, demo }: Pick<Config, 'namespaces' | 'demo'>,
  client: KubeClient | undefined,
  log: Logger,
): Promise<NamespaceSource> {
  if (file !== undefined) {
    // Loaded on demand: a server with a cluster reads no manifests.
    const { readNamespaces } = await import('../manifests/file.ts');
    return namespacesFromObjects(await readNamespaces(file));
  }
  if (demo) {
    log.warn({}, 'the built-in sample namespace is used for every pod (--demo)');
    return anyNamespace(isObject(sampleNamespace) ? (toNamespace(sampleNamespace) ?? {}) : {});
  }
  if (client) {
    log.info({ server: client.server }, 'reading namespaces from the API server');
    return new ClusterNamespaces(client, { logger: log }).start();
  }
  const ways = 'use --kubeconfig FILE, --namespaces FILE, or --demo to try the server out';
  const missing = missingToken();
  throw new UsageError([missing === undefined ? `no cluster found: ${ways}` : `${missing}, or ${ways}`]);
}
