import { isServedBy } from '../admission/opt-in.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { readConfigMap, readOnce } from '../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../cluster/webhook-configuration/entries.ts';
import { revisionOf, servesNamespace } from '../diagnostics/overlapping-releases.ts';
import { type LabelledNamespace, ownEntries } from '../diagnostics/webhook-match.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { readSingle } from '../manifests/yaml.ts';
import { readSwitch, type SwitchState, switchOf } from '../api/injection-switch.ts';
import type { ObjectName } from '../cluster/switch-store.ts';
import { type OfflineInputs, type OfflineOptions, withOptions } from '../config/catalogue.ts';
import { type DecisionOptions, decisionOptionsIn } from '../config/decision-options.ts';
import { type Catalogue, withDefaults, withSwitch } from '../profiles/catalogue.ts';
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

/** The settings by which a command on a cluster decides about a namespace. The same object for all namespaces of one release. */
export type SettingsFor = (namespace: LabelledNamespace) => ServerSettings;

/**
 * The settings by which a command on a cluster decides: those of `--config`, else those of the release that serves the namespace, else the command's
 * own and all that the user may read of the cluster. For a namespace that no release serves, those of the release with its revision, or of the first.
 * `configurations` are the webhook configurations, if they were read already. Never throws.
 */
export async function serverSettings(
  client: KubeClient,
  { config }: OfflineOptions,
  { catalogue, options }: OfflineInputs,
  configurations?: readonly JsonObject[],
): Promise<SettingsFor> {
  const own: ServerSettings = { catalogue, options, from: undefined };
  if (config !== undefined) return () => own;
  const unknown: ServerSettings = { ...own, options: { ...options, configMapKeys: true } };
  const found = (configurations ?? (await readConfigurations(client))).filter((one) => ownEntries(one).length > 0);
  const releases = await Promise.all(
    found.map(async (configuration) => {
      const settings = await installedSettings(client, configuration, catalogue);
      return { configuration, settings: settings ?? { ...unknown, catalogue: ofRelease(configuration, catalogue) } };
    }),
  );
  return (namespace) => {
    const serving =
      releases.find(({ configuration }) => servesNamespace(configuration, namespace.labels)) ??
      releases.find(({ settings }) => isServedBy(settings.catalogue, namespace)) ??
      releases[0];
    return serving?.settings ?? unknown;
  };
}

function ofRelease(configuration: JsonObject, catalogue: Catalogue): Catalogue {
  const revision = revisionOf(configuration);
  return revision === undefined ? catalogue : { ...catalogue, revision };
}

async function readConfigurations(client: KubeClient): Promise<readonly JsonObject[]> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  return answer.kind === 'ok' ? objectsIn(answer.body, 'items') : [];
}

/**
 * Adds the options and the cluster-wide defaults of an installed server to the catalogue. Returns undefined if they cannot be read or are not
 * valid. Never throws.
 */
export async function installedSettings(
  client: KubeClient,
  configuration: JsonObject,
  catalogue: Catalogue,
): Promise<ServerSettings | undefined> {
  const found = await readInstalledFile(client, configuration);
  if (!found) return undefined;
  const { content, from } = found;
  const options = decisionOptionsIn(content);
  const defaults = readDefaults(content['defaults'] ?? {});
  if (!options || !defaults.ok) return undefined;
  const entries = Object.entries(defaults.value);
  const restricted = withOptions(catalogue, options);
  if (problemsOfDefaults(restricted, entries).length > 0) return undefined;
  const state = await readSwitchState(client, configuration);
  return { catalogue: withSwitch(withDefaults(restricted, entries), state), options, from };
}

/** The state of the switch of an installed server, where it may be read. */
async function readSwitchState(client: KubeClient, configuration: JsonObject): Promise<SwitchState | undefined> {
  const service = serviceOf(configuration);
  if (!service) return undefined;
  const at = switchOf(service);
  const data = await readConfigMap(client, at);
  return data && readSwitch(data, `ConfigMap ${at.namespace}/${at.name}`);
}

/** The options of an installed server on which its decisions depend; undefined if they cannot be read. Never throws. */
export async function installedOptions(
  client: KubeClient,
  configuration: JsonObject,
): Promise<DecisionOptions | undefined> {
  const found = await readInstalledFile(client, configuration);
  return found && decisionOptionsIn(found.content);
}

/** The Service of an installed server, which its webhook entries name. */
export function serviceOf(configuration: JsonObject): ObjectName | undefined {
  const services = ownEntries(configuration).map((entry) => objectIn(objectIn(entry, 'clientConfig'), 'service'));
  const service = services.find((one) => textIn(one, 'name') !== '');
  return service && { namespace: textIn(service, 'namespace'), name: textIn(service, 'name') };
}

/** The webhook entries name the server's Service, and the ConfigMap of the same name contains its configuration file. */
async function readInstalledFile(
  client: KubeClient,
  configuration: JsonObject,
): Promise<{ readonly content: JsonObject; readonly from: string } | undefined> {
  const service = serviceOf(configuration);
  if (!service) return undefined;
  const { namespace, name } = service;
  const text = (await readConfigMap(client, service))?.[FILE];
  const document = typeof text === 'string' ? readSingle(text) : undefined;
  if (!document?.ok) return undefined;
  return { content: isObject(document.value) ? document.value : {}, from: `ConfigMap ${namespace}/${name}` };
}
