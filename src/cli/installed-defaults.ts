import type { KubeClient as Api } from '../cluster/client/types.ts';
import { readOnce } from '../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../cluster/webhook-configuration/entries.ts';
import { ownEntries } from '../diagnostics/webhook-match.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { readSingle } from '../manifests/yaml.ts';
import { type Catalogue, withDefaults } from '../profiles/catalogue.ts';
import { problemsOfDefaults, readDefaults } from '../settings/validate-defaults.ts';

/** The key under which the chart puts the server's configuration file. */
const FILE = 'agent-injector.yaml';

export interface InstalledCatalogue {
  readonly catalogue: Catalogue;
  /** Where the defaults were read; undefined if they were not. */
  readonly from: string | undefined;
}

/**
 * Adds the cluster-wide defaults of the installed server to the catalogue. The webhook entries name the server's Service, and the ConfigMap of the
 * same name contains its configuration file. Returns the catalogue unchanged if the defaults cannot be read or are not valid. Never throws.
 */
export async function withInstalledDefaults(
  api: Api,
  configurations: readonly JsonObject[],
  catalogue: Catalogue,
): Promise<InstalledCatalogue> {
  const services = configurations
    .flatMap(ownEntries)
    .map((entry) => objectIn(objectIn(entry, 'clientConfig'), 'service'));
  const service = services.find((one) => textIn(one, 'name') !== '');
  if (!service) return { catalogue, from: undefined };
  const [namespace, name] = [textIn(service, 'namespace'), textIn(service, 'name')];
  const answer = await readOnce(api, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  const data = answer.kind === 'ok' ? answer.body['data'] : undefined;
  const defaults = isObject(data) ? defaultsIn(data[FILE]) : undefined;
  if (!defaults || problemsOfDefaults(catalogue, defaults).length > 0) return { catalogue, from: undefined };
  return { catalogue: withDefaults(catalogue, defaults), from: `ConfigMap ${namespace}/${name}` };
}

/** Reads the webhook configurations, and adds the defaults as `withInstalledDefaults` does. */
export async function installedCatalogue(api: Api, catalogue: Catalogue): Promise<Catalogue> {
  const answer = await readOnce(api, WEBHOOK_CONFIGURATIONS);
  const configurations = answer.kind === 'ok' ? objectsIn(answer.body, 'items') : [];
  return (await withInstalledDefaults(api, configurations, catalogue)).catalogue;
}

function defaultsIn(text: unknown): readonly (readonly [string, string])[] | undefined {
  const document = typeof text === 'string' ? readSingle(text) : undefined;
  if (!document?.ok) return undefined;
  const read = readDefaults(isObject(document.value) ? (document.value['defaults'] ?? {}) : {});
  return read.ok ? Object.entries(read.value) : undefined;
}
