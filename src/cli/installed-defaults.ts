import type { KubeClient } from '../cluster/client/types.ts';
import { readOnce } from '../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../cluster/webhook-configuration/entries.ts';
import { ownEntries } from '../diagnostics/webhook-match.ts';
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

/**
 * Adds the cluster-wide defaults, the tenancy and `strictRequired` of the installed server to the catalogue. The webhook entries name the server's Service, and the ConfigMap of the
 * same name contains its configuration file. Returns the catalogue unchanged if the defaults cannot be read or are not valid. Never throws.
 */
export async function withInstalledDefaults(
  client: KubeClient,
  configurations: readonly JsonObject[],
  catalogue: Catalogue,
): Promise<InstalledCatalogue> {
  const services = configurations
    .flatMap(ownEntries)
    .map((entry) => objectIn(objectIn(entry, 'clientConfig'), 'service'));
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

/** Reads the webhook configurations, and adds the defaults as `withInstalledDefaults` does. */
export async function installedCatalogue(client: KubeClient, catalogue: Catalogue): Promise<Catalogue> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  const configurations = answer.kind === 'ok' ? objectsIn(answer.body, 'items') : [];
  return (await withInstalledDefaults(client, configurations, catalogue)).catalogue;
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
