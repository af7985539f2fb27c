import type { NamespaceSource } from '../cluster/caches/namespaces.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { SYSTEM_NAMESPACES } from '../cluster/webhook-configuration/drift.ts';
import type { Config } from '../config/config.ts';
import { millisecondsOf } from '../config/options.ts';
import type { Logger } from '../lib/logger.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { AuditLoop } from './audit-loop.ts';
import type { ClusterStateSource } from './cluster-state.ts';

/** What the server has that audits go by. */
export interface AuditedServer {
  readonly api: KubeClient | undefined;
  readonly profiles: { readonly catalogue: () => Catalogue };
  readonly namespaces: NamespaceSource;
  readonly cluster: Pick<ClusterStateSource, 'facts'>;
}

/** The audits that the settings ask for, not begun yet; undefined where they ask for none, or there is no cluster. */
export function openAudits(
  { auditInterval, service }: Pick<Config, 'auditInterval' | 'service'>,
  { api, profiles, namespaces, cluster }: AuditedServer,
  logger: Logger,
): AuditLoop | undefined {
  const intervalMs = millisecondsOf(auditInterval);
  if (intervalMs === 0) return undefined;
  if (!api) {
    logger.warn({}, 'auditInterval: there is no cluster whose pods could be counted');
    return undefined;
  }
  // The chart's selectors leave out these and the server's own.
  const [, own = ''] = service?.split('.') ?? [];
  const excluded = new Set([...SYSTEM_NAMESPACES, own]);
  const { catalogue } = profiles;
  return new AuditLoop({ api, catalogue, facts: cluster.facts, namespaces, excluded }, { intervalMs, logger });
}
