import { isServedBy } from '../admission/opt-in.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { describeFailure, type Failure, isForbidden, isNotFound } from '../cluster/client/errors.ts';
import { readConfigMap, readOnce } from '../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../cluster/webhook-configuration/entries.ts';
import type { PoliciesInForce } from '../diagnostics/decisions/exported-policies.ts';
import { revisionOf, servesNamespace } from '../diagnostics/overlapping-releases.ts';
import { type LabelledNamespace, ownEntries } from '../diagnostics/webhook-match.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { readSingle } from '../manifests/yaml.ts';
import { readSwitch, type SwitchState, switchOf } from '../api/injection-switch.ts';
import type { ObjectName } from '../cluster/object-name.ts';
import { type OfflineInputs, type OfflineOptions, withOptions } from '../config/catalogue.ts';
import { type DecisionOptions, decisionOptionNames, decisionOptionsIn } from '../config/decision-options.ts';
import { type OptionName, optionNames, optionRows } from '../config/options.ts';
import type { Result } from '../lib/result.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { listed } from '../lib/text.ts';
import { withProfileResources } from './cluster/agent-resources.ts';
import { withInstalledProfiles } from './installed-profiles.ts';
import { type Catalogue, problemText, withDefaults, withSwitch, withUnread } from '../profiles/catalogue.ts';
import { problemsOfDefaults, readDefaults } from '../settings/validate-defaults.ts';

/** The key under which the chart puts the server's configuration file. */
const FILE = 'agent-injector.yaml';

/** Why the settings of the server that decides are not known, or not all of them. */
export interface UnknownSettings {
  /** `url`: the server is registered by its address and has no ConfigMap. */
  readonly code: 'forbidden' | 'absent' | 'invalid' | 'url' | 'not-installed';
  /** A sentence fragment. */
  readonly message: string;
}

/** What the decisions of a server depend on, other than the cluster and the pod. */
export interface ServerSettings {
  readonly catalogue: Catalogue;
  readonly options: DecisionOptions;
  /** The ConfigMap that they are from; undefined if the installed server's are not known, or `--config` replaces them. */
  readonly from: string | undefined;
  /** Absent if all settings are known: a decision is then the server's own. */
  readonly unknown?: UnknownSettings;
  readonly policies?: PoliciesInForce;
}

/** The settings by which a command on a cluster decides about a namespace. The same object for all namespaces of one release. */
export type SettingsFor = (namespace: LabelledNamespace) => ServerSettings;

/** Where the chart and the manifests put the server by default: tried by users who may not read the webhook configuration. */
const STANDARD: ObjectName = { namespace: 'agent-injector', name: 'agent-injector' };

/**
 * The settings by which a command on a cluster decides: those of `--config`, else those of the release that serves the namespace, else the command's
 * own and all that the user may read of the cluster. For a namespace that no release serves, those of the release with its revision, or of the first.
 * `configurations` are the webhook configurations, if they were read already. Never throws.
 */
export async function serverSettings(
  client: KubeClient,
  { config, profiles }: OfflineOptions,
  { catalogue, options }: OfflineInputs,
  configurations?: readonly JsonObject[],
): Promise<SettingsFor> {
  const own: ServerSettings = { catalogue, options, from: undefined };
  if (config !== undefined) return () => own;
  const resources =
    profiles === undefined ? await withProfileResources(client, { catalogue, own: new Map() }) : { catalogue };
  const without = (why: UnknownSettings): ServerSettings => ({
    ...own,
    catalogue: withoutSettings(resources.catalogue, why, profiles === undefined),
    options: { ...options, configMapKeys: true },
    unknown: why,
  });
  const read = configurations ? { kind: 'ok' as const, items: configurations } : await readConfigurations(client);
  const inputs = { client, catalogue, readsProfiles: profiles === undefined };
  if (read.kind !== 'ok') {
    const standard = await settingsOf(STANDARD, inputs);
    const message = `you may read neither the webhook configuration nor ConfigMap ${STANDARD.namespace}/${STANDARD.name}`;
    const settings = standard.ok ? standard.value : without({ code: 'forbidden', message });
    return () => settings;
  }
  const found = read.items.filter((one) => ownEntries(one).length > 0);
  const releases = await Promise.all(
    found.map(async (configuration) => {
      const settings = await installedSettings(configuration, inputs);
      if (settings.ok) return { configuration, settings: settings.value };
      const assumed = without(settings.error);
      return { configuration, settings: { ...assumed, catalogue: ofRelease(configuration, assumed.catalogue) } };
    }),
  );
  const notInstalled = without({ code: 'not-installed', message: 'agent-injector is not installed' });
  return (namespace) => {
    const serving =
      releases.find(({ configuration }) => servesNamespace(configuration, namespace.labels)) ??
      releases.find(({ settings }) => isServedBy(settings.catalogue, namespace)) ??
      releases[0];
    return serving?.settings ?? notInstalled;
  };
}

/** Marks what the catalogue lacks. `lacksFiles`: no flag has replaced the server's own profiles. */
function withoutSettings(catalogue: Catalogue, { code }: UnknownSettings, lacksFiles: boolean): Catalogue {
  if (code === 'not-installed') return catalogue;
  const files = lacksFiles ? (['files'] as const) : [];
  return code === 'url' ? withUnread(catalogue, ...files) : withUnread(catalogue, 'settings', ...files);
}

function ofRelease(configuration: JsonObject, catalogue: Catalogue): Catalogue {
  const revision = revisionOf(configuration);
  return revision === undefined ? catalogue : { ...catalogue, revision };
}

async function readConfigurations(
  client: KubeClient,
): Promise<{ readonly kind: 'ok'; readonly items: readonly JsonObject[] } | Failure> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  return answer.kind === 'ok' ? { kind: 'ok', items: objectsIn(answer.body, 'items') } : answer;
}

export interface InstalledInputs {
  readonly client: KubeClient;
  readonly catalogue: Catalogue;
  /** False: `--profiles` replaces the profiles of the server. */
  readonly readsProfiles: boolean;
}

/** The options, the cluster-wide defaults and the profiles of an installed server, added to the catalogue. Never throws. */
export async function installedSettings(
  configuration: JsonObject,
  inputs: InstalledInputs,
): Promise<Result<ServerSettings, UnknownSettings>> {
  const service = serviceOf(configuration);
  if (service) return settingsOf(service, inputs);
  const message = 'the server is registered by its address: its settings are not in the cluster; use --config FILE';
  return { ok: false, error: { code: 'url', message } };
}

async function settingsOf(
  service: ObjectName,
  { client, catalogue, readsProfiles }: InstalledInputs,
): Promise<Result<ServerSettings, UnknownSettings>> {
  const found = await readInstalledFile(client, service);
  if (!found.ok) return found;
  const { content, from } = found.value;
  const { catalogue: known, problems: ofProfiles } = readsProfiles
    ? await profilesOf(client, service, catalogue)
    : { catalogue, problems: [] };
  const problems = problemsOfFile(content, known);
  const options = decisionOptionsIn(content);
  const defaults = readDefaults(content['defaults'] ?? {});
  if (problems.length > 0 || !options || !defaults.ok)
    return { ok: false, error: { code: 'invalid', message: `${from} is not valid: ${problems.join('; ')}` } };
  const state = await readSwitchState(client, service);
  const withOwn = withDefaults(withOptions(known, options), Object.entries(defaults.value));
  const unknown: UnknownSettings | undefined =
    ofProfiles.length === 0 ? undefined : { code: 'invalid', message: listed(ofProfiles, MAX_PROBLEMS) };
  return {
    ok: true,
    value: { catalogue: withSwitch(withOwn, state), options, from, ...(unknown && { unknown }) },
  };
}

/** The server's files, and the resources of the cluster over them. */
async function profilesOf(
  client: KubeClient,
  service: ObjectName,
  catalogue: Catalogue,
): Promise<{ readonly catalogue: Catalogue; readonly problems: readonly string[] }> {
  const installed = await withInstalledProfiles(client, service, catalogue);
  const resources = await withProfileResources(client, installed);
  return { catalogue: resources.catalogue, problems: [...installed.problems, ...resources.problems] };
}

const MAX_PROBLEMS = 5;

/** What is wrong with the configuration file of a server, which would keep a new replica from starting. */
export function problemsOfFile(content: JsonObject, catalogue: Catalogue): readonly string[] {
  const { defaults: given = {}, ...rest } = content;
  const names = optionNames.filter((name) => name !== 'config');
  const isName = new Set<string>(names);
  const unknown = Object.keys(rest)
    .filter((name) => !isName.has(name))
    .map((name) => `${name}: unknown setting${didYouMean(nearest(name, [...names, 'defaults']))}`);
  const options = decisionOptionsIn(content);
  const invalid = options ? [] : decisionOptionNames.filter((name) => isInvalid(content, name));
  const defaults = readDefaults(given);
  const ofDefaults = defaults.ok
    ? problemsOfDefaults(options ? withOptions(catalogue, options) : catalogue, Object.entries(defaults.value))
    : defaults.error.map((one) => ({ ...one, path: ['defaults', ...one.path] }));
  return [
    ...unknown,
    ...invalid.map((name) => `${name}: must be ${optionRows[name].expected}`),
    // A value can be right by a profile that could not be read.
    ...(catalogue.unread && defaults.ok ? [] : ofDefaults.map(problemText)),
  ];
}

function isInvalid(content: JsonObject, name: OptionName): boolean {
  const value = content[name];
  return value !== undefined && decisionOptionsIn({ [name]: value }) === undefined;
}

/** The state of the switch of an installed server, where it may be read. */
async function readSwitchState(client: KubeClient, service: ObjectName): Promise<SwitchState | undefined> {
  const at = switchOf(service);
  const data = await readConfigMap(client, at);
  return data && readSwitch(data, `ConfigMap ${at.namespace}/${at.name}`);
}

/** The options of an installed server on which its decisions depend; undefined if they cannot be read. Never throws. */
export async function installedOptions(
  client: KubeClient,
  configuration: JsonObject,
): Promise<DecisionOptions | undefined> {
  const service = serviceOf(configuration);
  const found = service && (await readInstalledFile(client, service));
  return found?.ok ? decisionOptionsIn(found.value.content) : undefined;
}

/** The Service of an installed server, which its webhook entries name. */
export function serviceOf(configuration: JsonObject): ObjectName | undefined {
  const services = ownEntries(configuration).map((entry) => objectIn(objectIn(entry, 'clientConfig'), 'service'));
  const service = services.find((one) => textIn(one, 'name') !== '');
  return service && { namespace: textIn(service, 'namespace'), name: textIn(service, 'name') };
}

export interface InstalledFile {
  readonly content: JsonObject;
  readonly from: string;
}

/** The webhook entries name the server's Service, and the ConfigMap of the same name contains its configuration file. */
export async function readInstalledFile(
  client: KubeClient,
  { namespace, name }: ObjectName,
): Promise<Result<InstalledFile, UnknownSettings>> {
  const from = `ConfigMap ${namespace}/${name}`;
  const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  if (answer.kind !== 'ok') return { ok: false, error: unreadFile(from, answer) };
  const document = readSingle(textIn(objectIn(answer.body, 'data'), FILE));
  if (!document.ok) return { ok: false, error: { code: 'invalid', message: `${from}: ${FILE} is not valid YAML` } };
  return { ok: true, value: { content: isObject(document.value) ? document.value : {}, from } };
}

function unreadFile(from: string, failure: Failure): UnknownSettings {
  if (isNotFound(failure)) return { code: 'absent', message: `${from} does not exist` };
  const message = isForbidden(failure)
    ? `you may not read ${from}`
    : `${from} cannot be read: ${describeFailure(failure)}`;
  return { code: 'forbidden', message };
}
