import type { KubeClient } from '../cluster/client/types.ts';
import { readOnce } from '../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../cluster/webhook-configuration/entries.ts';
import { ownEntries } from '../diagnostics/webhook-match.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { readSingle } from '../manifests/yaml.ts';
import { type OfflineInputs, type OfflineOptions, withOptions } from '../config/catalogue.ts';
import { type DecisionOptions, decisionOptionsIn } from '../config/decision-options.ts';
import { type Catalogue, withDefaults } from '../profiles/catalogue.ts';
import { problemsOfDefaults, readDefaults } from '../settings/validate-defaults.ts';

/** The key under which the chart puts the server's configuration file. */
const FILE = 'agent-injector.yaml';

/** What the decisions of a server depend on, other than the cluster and the pod. */
export interface ServerSettings {
  readonly catalogue: Catalogue;
  readonly options: DecisionOptions;
  /** The ConfigMap that they are from; undefined if the installed server's are not known, or `--config` replaces them. */
  readonly from: string | undefined;
}

/**
 * The settings by which a command on a cluster decides: those of `--config`, else those of the installed server, else the command's own and all
 * that the user may read of the cluster. `configurations` are the webhook configurations, if they were read already. Never throws.
 */
export async function serverSettings(
  client: KubeClient,
  { config }: OfflineOptions,
  { catalogue, options }: OfflineInputs,
  configurations?: readonly JsonObject[],
): Promise<ServerSettings> {
  if (config !== undefined) return { catalogue, options, from: undefined };
  const installed = await installedSettings(client, configurations ?? (await readConfigurations(client)), catalogue);
  return installed ?? { catalogue, options: { ...options, configMapKeys: true }, from: undefined };
}

async function readConfigurations(client: KubeClient): Promise<readonly JsonObject[]> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  return answer.kind === 'ok' ? objectsIn(answer.body, 'items') : [];
}

/**
 * Adds the options and the cluster-wide defaults of the installed server to the catalogue. Returns undefined if they cannot be read or are not
 * valid. Never throws.
 */
export async function installedSettings(
  client: KubeClient,
  configurations: readonly JsonObject[],
  catalogue: Catalogue,
): Promise<ServerSettings | undefined> {
  const found = await readInstalledFile(client, configurations);
  if (!found) return undefined;
  const { content, from } = found;
  const options = decisionOptionsIn(content);
  const defaults = readDefaults(content['defaults'] ?? {});
  if (!options || !defaults.ok) return undefined;
  const entries = Object.entries(defaults.value);
  const restricted = withOptions(catalogue, options);
  if (problemsOfDefaults(restricted, entries).length > 0) return undefined;
  return { catalogue: withDefaults(restricted, entries), options, from };
}

/** The webhook entries name the server's Service, and the ConfigMap of the same name contains its configuration file. */
async function readInstalledFile(
  client: KubeClient,
  configurations: readonly JsonObject[],
): Promise<{ readonly content: JsonObject; readonly from: string } | undefined> {
  const services = configurations
    .flatMap(ownEntries)
    .map((entry) => objectIn(objectIn(entry, 'clientConfig'), 'service'));
  const service = services.find((one) => textIn(one, 'name') !== '');
  if (!service) return undefined;
  const [namespace, name] = [textIn(service, 'namespace'), textIn(service, 'name')];
  const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  const text = answer.kind === 'ok' ? objectIn(answer.body, 'data')[FILE] : undefined;
  const document = typeof text === 'string' ? readSingle(text) : undefined;
  if (!document?.ok) return undefined;
  return { content: isObject(document.value) ? document.value : {}, from: `ConfigMap ${namespace}/${name}` };
}
