import { offlineInputs, type OfflineOptions } from '../config/catalogue.ts';
import type { DecisionOptions } from '../config/decision-options.ts';
import { Audit, type AuditFinding, type AuditReport } from '../diagnostics/audit.ts';
import { openUserCluster } from '../server/cluster.ts';
import { type NamespaceScope, readClaims, readNamespaceList, readPods, readUncreated } from './cluster/reader.ts';
import { readClusterStates } from './cluster/state.ts';
import type { CommandOutput, CommandResult } from './command-result.ts';
import { formatSection } from './format.ts';
import { serverSettings } from './installed-settings.ts';

export interface AuditOptions extends NamespaceScope, OfflineOptions {
  readonly kubeconfig?: string | undefined;
  readonly output: 'text' | 'json';
}

/** Compares the pods of a cluster with what the server would decide now. Throws an Error if the cluster does not answer. */
export async function audit(options: AuditOptions): Promise<CommandResult> {
  const client = await openUserCluster(options.kubeconfig);
  const own = await offlineInputs(options);
  const [settingsFor, namespaces, claims] = await Promise.all([
    serverSettings(client, options, own),
    readNamespaceList(client),
    readClaims(client, options),
  ]);
  const all = new Audit({ catalogueOf: (namespace) => settingsFor(namespace).catalogue, namespaces, claims });
  const optionsOf = (name: string): DecisionOptions =>
    settingsFor(namespaces.get(name) ?? { name, labels: {} }).options;
  await readPods(client, options, async (pods) => {
    const stateOf = await readClusterStates(client, pods, optionsOf);
    for (const { namespace, pod } of pods) all.add(pod, namespace, stateOf(namespace));
  });
  for (const one of await readUncreated(client, options)) all.addUncreated(one);
  const report = all.report();
  const output: CommandOutput =
    options.output === 'json' ? { kind: 'json', value: report } : { kind: 'lines', lines: reportLines(report) };
  return { output, exitCode: report.findings.length > 0 ? 1 : 0 };
}

const TITLES: { readonly [kind in AuditFinding['kind']]: string } = {
  'expected-not-injected': 'Agent is missing',
  'cannot-be-injected': 'Agent cannot be injected',
  'slot-shared': 'Two agents in one process',
  outdated: 'Agent is outdated: its profile has changed',
  'namespace-off': 'Agent is present, but injection is off for the namespace',
  'record-unproven': 'Status annotation claims an agent that the pod does not have',
  'not-created': 'Pods are refused when they are created (docs/operations.md, "Forbidden by a policy")',
  'claim-missing': 'PersistentVolumeClaim does not exist',
  'value-shared': 'Value must be used in one namespace only',
  'value-crowded': 'Value is at or near its maximum number of instances',
};

function reportLines({ pods, carrying, findings, more }: AuditReport): readonly string[] {
  const groups = Object.entries(TITLES).flatMap(([kind, title]) =>
    formatSection(title, findings.filter((one) => one.kind === kind).map(findingLine)),
  );
  const commands = new Set(findings.flatMap(({ fix }) => (fix === undefined ? [] : [`$ ${fix}`])));
  return [
    `${pods} pods checked, ${carrying} carry an agent, ${findings.length + more} findings`,
    ...groups,
    ...(more > 0 ? ['', `${more} more findings are not shown`] : []),
    ...formatSection('To fix the findings, review and run', [...commands]),
  ];
}

function findingLine({ namespace, workload, pods, message }: AuditFinding): string {
  if (workload === undefined) return message;
  const count = pods === 1 ? ' (1 pod)' : ` (${pods} pods)`;
  return `${namespace}: ${workload}${pods === 0 ? '' : count}: ${message}`;
}
