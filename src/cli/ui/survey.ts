import type { KubeClient } from '../../cluster/client/types.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { isOptedIn } from '../../admission/opt-in.ts';
import { type OfflineOptions } from '../../config/catalogue.ts';
import { Audit } from '../../diagnostics/audit.ts';
import { type GroupedCheck, inGroup } from '../../diagnostics/checks/check.ts';
import { mislabelledNamespaces } from '../../diagnostics/findings.ts';
import { objectsIn } from '../../lib/json.ts';
import { overviewOf } from '../../page/needs.ts';
import type { Overview } from '../../page/wire.ts';
import { checkCertificates, checkConfigurations, checkServers } from '../check/server.ts';
import { readWorld } from '../check/world.ts';
import { type NamespaceScope, readClaims, readUncreated } from '../cluster/reader.ts';
import { type Known, readKnown, readReport } from '../status/status.ts';

export type SurveyScope = NamespaceScope & OfflineOptions;

export interface Survey {
  readonly overview: Overview;
  readonly known: Known;
}

/** Reads everything that the overview shows, with each pod in memory once. Throws an Error if the pods cannot be listed. */
export async function survey(client: KubeClient, scope: SurveyScope): Promise<Survey> {
  const [known, claims] = await Promise.all([readKnown(client, scope), readClaims(client, scope)]);
  const { settingsFor, namespaces } = known;
  const audit = new Audit({ catalogueOf: (namespace) => settingsFor(namespace).catalogue, namespaces, claims });
  for (const one of mislabelledNamespaces(namespaces.values())) audit.addMislabelled(one);
  const { workloads, notes } = await readReport(client, scope, known, {
    onDecided: ({ pod, namespace, cluster }) => audit.add(pod, namespace.name, cluster),
  });
  const [uncreated, checks] = await Promise.all([readUncreated(client, scope), serverChecks(client, known)]);
  for (const one of uncreated) audit.addUncreated(one);
  const { findings, more } = audit.report();
  const left = more === 0 ? [] : [`findings that are not shown: ${more}`];
  return { overview: overviewOf({ workloads, findings, checks, notes: [...notes, ...left] }), known };
}

/** What is wrong with the servers, as far as the user may look at them: a tenant is told nothing of them. */
async function serverChecks(client: KubeClient, { settingsFor }: Known): Promise<readonly GroupedCheck[]> {
  const webhooks = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  if (webhooks.kind !== 'ok') return [];
  const configurations = objectsIn(webhooks.body, 'items');
  const world = await readWorld(client);
  const surroundings = { client, settingsFor, configurations, world };
  const enabled = [...world.namespaces.values()].filter(isOptedIn);
  const servers = inGroup('server', await checkServers(surroundings, enabled));
  if (servers.some(({ name, result }) => name === 'installed' && result !== 'ok')) return servers;
  const [configuration, certificates] = await Promise.all([
    checkConfigurations(surroundings),
    checkCertificates(client, configurations, new Date()),
  ]);
  return [...servers, ...inGroup('configuration', configuration), ...inGroup('certificates', certificates)];
}
