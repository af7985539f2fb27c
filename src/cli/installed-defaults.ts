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

/** The catalogue as the installed server has it, as far as it can be read, and where its defaults were read. */
export interface InstalledCatalogue {
  readonly catalogue: Catalogue;
  readonly from: string | undefined;
}

/**
 * The cluster-wide defaults of the server that is installed: the webhook entries name its Service, and the ConfigMap of that name is its
 * configuration file. The catalogue as it is where none can be read or used; never throws.
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

/** The same, where the webhook configurations have not been read yet. */
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
