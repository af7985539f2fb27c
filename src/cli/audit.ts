import { catalogueFrom, type OfflineOptions } from '../config/catalogue.ts';
import { Audit, type AuditFinding, type AuditReport } from '../diagnostics/audit.ts';
import { decodePod } from '../kubernetes/pod.ts';
import { isObject, textIn } from '../lib/json.ts';
import { openUserCluster } from '../server/cluster.ts';
import { podKind, readClaims, readNamespaceList, readWorkloads, type Scope } from './cluster-reader.ts';
import { readClusterState } from './cluster-state.ts';
import { installedCatalogue } from './installed-defaults.ts';

export interface AuditOptions extends Scope, OfflineOptions {
  readonly kubeconfig: string | undefined;
  readonly output: 'text' | 'json';
}

export interface AuditResult {
  readonly output: string;
  /** 1 when something is found. */
  readonly exitCode: 0 | 1;
}

/** Compares the pods of a cluster with what they should carry. Throws an Error when the cluster does not answer. */
export async function audit(options: AuditOptions): Promise<AuditResult> {
  const api = await openUserCluster(options.kubeconfig);
  const own = await catalogueFrom(options);
  const [namespaces, claims, catalogue] = await Promise.all([
    readNamespaceList(api),
    readClaims(api, options),
    options.config === undefined ? installedCatalogue(api, own) : own,
  ]);
  const all = new Audit({ catalogue, namespaces, claims });
  const failed = await readWorkloads(api, podKind(), options, async (items) => {
    const pods = items.flatMap((item) => {
      const decoded = decodePod(item);
      const namespace = isObject(item['metadata']) ? textIn(item['metadata'], 'namespace') : '';
      return decoded.ok ? [{ namespace, pod: decoded.pod }] : [];
    });
    const facts = await readClusterState(api, pods);
    for (const { namespace, pod } of pods) all.look(pod, namespace, facts);
  });
  if (failed !== undefined) throw new Error(failed);
  const report = all.report();
  const output =
    options.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : `${reportLines(report).join('\n')}\n`;
  return { output, exitCode: report.findings.length > 0 ? 1 : 0 };
}

const TITLES: { readonly [kind in AuditFinding['kind']]: string } = {
  'expected-not-injected': 'Should carry an agent, and do not',
  'cannot-be-injected': 'Should carry an agent, and cannot',
  outdated: 'Carry an agent as its profile was before',
  'namespace-off': 'Carry an agent, though their namespace is off',
  'claim-missing': 'Claims that do not exist',
  'value-shared': 'Values that belong to one namespace',
  'value-crowded': 'Values with too many instances, or nearly',
};

function reportLines({ pods, carrying, findings, more }: AuditReport): readonly string[] {
  const groups = Object.entries(TITLES).flatMap(([kind, title]) => {
    const group = findings.filter((one) => one.kind === kind);
    return group.length === 0 ? [] : ['', title, ...group.flatMap(findingLines)];
  });
  const commands = new Set(findings.flatMap(({ fix: mend }) => mend ?? []));
  return [
    `${pods} pods looked at, ${carrying} carry an agent, ${findings.length + more} findings`,
    ...groups,
    ...(more > 0 ? ['', `${more} findings more are not shown`] : []),
    ...(commands.size > 0
      ? ['', 'What would mend it, to be read before it is run', ...[...commands].map((one) => `  $ ${one}`)]
      : []),
  ];
}

function findingLines({ namespace, workload, pods, message }: AuditFinding): readonly string[] {
  const count = pods === 1 ? '1 pod' : `${pods} pods`;
  return [workload === undefined ? `  ${message}` : `  ${namespace}: ${workload} (${count}): ${message}`];
}
