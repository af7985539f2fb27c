import { isServedBy } from '../admission/opt-in.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { readOnce } from '../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../cluster/webhook-configuration/entries.ts';
import { revisionOf, servesNamespace } from '../diagnostics/overlapping-releases.ts';
import { type LabelledNamespace, ownEntries } from '../diagnostics/webhook-match.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { readSingle } from '../manifests/yaml.ts';
import { tenancyIn } from '../config/catalogue.ts';
import { type Catalogue, withDefaults, withTenancy } from '../profiles/catalogue.ts';
import type { Tenancy } from '../profiles/tenancy/policy.ts';
import { problemsOfDefaults, readDefaults } from '../settings/validate-defaults.ts';

/** The key under which the chart puts the server's configuration file. */
const FILE = 'agent-injector.yaml';

export interface InstalledCatalogue {
  readonly catalogue: Catalogue;
  /** The ConfigMap of the defaults; undefined if they were not read. */
  readonly from: string | undefined;
}

/** The catalogue of the release that serves a namespace. */
export type InstalledCatalogues = (namespace: LabelledNamespace) => InstalledCatalogue;

/**
 * Adds to the catalogue what the installed releases are configured with, for each its own. A namespace that none of them serves gets the catalogue of
 * the release with its revision, or of the first. Never throws.
 */
export async function installedCatalogues(
  client: KubeClient,
  configurations: readonly JsonObject[],
  catalogue: Catalogue,
): Promise<InstalledCatalogues> {
  const releases = await Promise.all(
    configurations
      .filter((one) => ownEntries(one).length > 0)
      .map(async (configuration) => ({
        configuration,
        installed: await withInstalledDefaults(client, configuration, catalogue),
      })),
  );
  return (namespace) =>
    (
      releases.find(({ configuration }) => servesNamespace(configuration, namespace.labels)) ??
      releases.find(({ installed }) => isServedBy(installed.catalogue, namespace)) ??
      releases[0]
    )?.installed ?? { catalogue, from: undefined };
}

/**
 * Adds the cluster-wide defaults, the tenancy and `strictRequired` of an installed release, and its revision. The webhook entries name the server's
 * Service, and the ConfigMap of the same name contains its configuration file. Only the revision is added if that cannot be read or is not valid.
 */
async function withInstalledDefaults(
  client: KubeClient,
  configuration: JsonObject,
  known: Catalogue,
): Promise<InstalledCatalogue> {
  const revision = revisionOf(configuration);
  const catalogue = revision === undefined ? known : { ...known, revision };
  const services = ownEntries(configuration).map((entry) => objectIn(objectIn(entry, 'clientConfig'), 'service'));
  const service = services.find((one) => textIn(one, 'name') !== '');
  if (!service) return { catalogue, from: undefined };
  const [namespace, name] = [textIn(service, 'namespace'), textIn(service, 'name')];
  const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  const data = answer.kind === 'ok' ? answer.body['data'] : undefined;
  const installed = isObject(data) ? settingsIn(data[FILE]) : undefined;
  if (!installed) return { catalogue, from: undefined };
  const restricted = withTenancy(catalogue, installed.tenancy);
  if (problemsOfDefaults(restricted, installed.defaults).length > 0) return { catalogue, from: undefined };
  const { defaults, strictRequired } = installed;
  return {
    catalogue: { ...withDefaults(restricted, defaults), strictRequired },
    from: `ConfigMap ${namespace}/${name}`,
  };
}

/** Reads the webhook configurations, and adds what the releases are configured with as `installedCatalogues` does. */
export async function readInstalledCatalogues(client: KubeClient, catalogue: Catalogue): Promise<InstalledCatalogues> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  const configurations = answer.kind === 'ok' ? objectsIn(answer.body, 'items') : [];
  return installedCatalogues(client, configurations, catalogue);
}

interface InstalledSettings {
  readonly defaults: readonly (readonly [string, string])[];
  readonly tenancy: Tenancy;
  readonly strictRequired: boolean;
}

function settingsIn(text: unknown): InstalledSettings | undefined {
  const document = typeof text === 'string' ? readSingle(text) : undefined;
  if (!document?.ok) return undefined;
  const content = isObject(document.value) ? document.value : {};
  const defaults = readDefaults(content['defaults'] ?? {});
  const tenancy = tenancyIn(content);
  const strictRequired = content['strictRequired'] === true;
  return defaults.ok && tenancy ? { defaults: Object.entries(defaults.value), tenancy, strictRequired } : undefined;
}
