import type { NamespaceSource } from '../cluster/caches/namespaces.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { SYSTEM_NAMESPACES } from '../cluster/webhook-configuration/drift.ts';
import type { Config } from '../config/config.ts';
import { millisecondsOf } from '../config/value-kinds.ts';
import type { Logger } from '../lib/logger.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { AuditLoop } from './audit-loop.ts';
import type { ClusterStateSource } from './cluster-watches.ts';

export interface AuditedServer {
  readonly api: KubeClient | undefined;
  readonly profiles: { readonly catalogue: () => Catalogue };
  readonly namespaces: NamespaceSource;
  readonly cluster: Pick<ClusterStateSource, 'state'>;
}

/** Creates the audit loop; undefined if the settings do not enable it, or there is no cluster. */
export function openAudits(
  { auditInterval, service }: Pick<Config, 'auditInterval' | 'service'>,
  { api, profiles, namespaces, cluster }: AuditedServer,
  logger: Logger,
): AuditLoop | undefined {
  const intervalMs = millisecondsOf(auditInterval);
  if (intervalMs === 0) return undefined;
  if (!api) {
    logger.warn({}, 'ignoring the setting auditInterval: no cluster is configured');
    return undefined;
  }
  // The chart's selectors exclude these and the server's own namespace.
  const [, own = ''] = service?.split('.') ?? [];
  const excluded = new Set([...SYSTEM_NAMESPACES, own]);
  const { catalogue } = profiles;
  return new AuditLoop({ api, catalogue, clusterState: cluster.state, namespaces, excluded }, { intervalMs, logger });
}
