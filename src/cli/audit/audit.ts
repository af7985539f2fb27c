import { offlineInputs, type OfflineOptions } from '../../config/catalogue.ts';
import type { DecisionOptions } from '../../config/decision-options.ts';
import { Audit, type AuditFinding, type AuditReport } from '../../diagnostics/audit.ts';
import { obstacleFor } from '../../diagnostics/decisions/obstacle.ts';
import { mislabelledNamespaces } from '../../diagnostics/findings.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import { readNamespaces } from '../cluster/namespaces.ts';
import { type NamespaceScope, readClaims, readPods, readUncreated } from '../cluster/reader.ts';
import { readClusterStates } from '../cluster/state.ts';
import { unreadNotes } from '../cluster/unread-notes.ts';
import { readWebhookConfigurations } from '../cluster/webhooks.ts';
import type { CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { clusterSettings } from '../policy-settings.ts';
import { codesIn, isOneOf } from './codes.ts';
import { auditTable } from './table.ts';
import { auditLines } from './text.ts';

/** What an audit reads. */
export type AuditScope = NamespaceScope & OfflineOptions & ClusterOptions;

export interface AuditOptions extends AuditScope {
  /** Kinds of findings or reason codes that are left out. */
  readonly suppress?: readonly string[] | undefined;
  /** Kinds of findings or reason codes for which the exit code is 1. Default: all. */
  readonly failOn?: readonly string[] | undefined;
  readonly output: 'text' | 'table' | 'wide' | 'json' | 'yaml';
}

/** Compares the pods of a cluster with what the server would decide now. Throws an Error if the cluster does not answer. */
export async function audit(options: AuditOptions): Promise<CommandResult> {
  const suppressed = codesIn('--suppress', options.suppress);
  const failing = options.failOn && codesIn('--fail-on', options.failOn);
  const { report, notes } = await auditReport(options);
  const shown = { ...report, findings: report.findings.filter((one) => !isOneOf(suppressed, one)) };
  const isFailure = (one: AuditFinding): boolean => (failing ? isOneOf(failing, one) : one.kind !== 'undecided');
  const exitCode = shown.findings.some(isFailure) ? 1 : shown.undecided > 0 ? 3 : 0;
  const { output: format } = options;
  if (format === 'json' || format === 'yaml')
    return { output: dataOutput(format, { ...shown, ...(notes.length > 0 && { notes }) }), exitCode };
  return {
    output: { kind: 'lines', lines: format === 'text' ? auditLines(shown) : auditTable(shown, format) },
    messages: notes.map((note) => `note: ${note}`),
    exitCode,
  };
}

/** The findings in the scope, and what could not be read. Throws an Error if the cluster does not answer, and for a namespace that does not exist. */
export async function auditReport(
  options: AuditScope,
): Promise<{ readonly report: AuditReport; readonly notes: readonly string[] }> {
  const client = await openUserCluster(options);
  const own = await offlineInputs(options);
  const configurations = await readWebhookConfigurations(client);
  const [settingsFor, { namespaces, notes }, claims] = await Promise.all([
    clusterSettings(client, options, own, configurations),
    readNamespaces(client, options),
    readClaims(client, options),
  ]);
  const all = new Audit({
    catalogueOf: (namespace) => settingsFor(namespace).catalogue,
    namespaces,
    claims,
    obstacleFor: (sources) =>
      obstacleFor({ configurations, policies: settingsFor(sources.namespace).policies }, sources),
  });
  const optionsOf = (name: string): DecisionOptions =>
    settingsFor(namespaces.get(name) ?? { name, labels: {} }).options;
  for (const one of mislabelledNamespaces(namespaces.values())) all.addMislabelled(one);
  await readPods(client, options, async (pods) => {
    const stateOf = await readClusterStates(client, pods, optionsOf);
    for (const { namespace, pod } of pods) all.add(pod, namespace, stateOf(namespace));
  });
  for (const one of await readUncreated(client, options)) all.addUncreated(one);
  const settings = [...namespaces.values()].map(settingsFor);
  return { report: all.report(), notes: [...notes, ...unreadNotes(client, settings)] };
}
