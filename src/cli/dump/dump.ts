import { isOptedIn } from '../../admission/opt-in.ts';
import type { ApiResponse, KubeClient } from '../../cluster/client/types.ts';
import { describeFailure } from '../../cluster/client/errors.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import type { ObjectName } from '../../cluster/object-name.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import { offlineInputs, type OfflineOptions } from '../../config/catalogue.ts';
import { ownEntries } from '../../diagnostics/webhook-match.ts';
import { errorMessage } from '../../lib/error-message.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import { checkAll } from '../check/check.ts';
import { readNamespaceList } from '../cluster/namespaces.ts';
import type { CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { serviceOf } from '../installed-settings.ts';
import { redacted } from './redact.ts';

export interface DumpOptions extends OfflineOptions, ClusterOptions {
  readonly output: 'json' | 'yaml';
}

/**
 * Collects what a report of a defect needs. Secrets are not read, and what the objects hold of them is left out (`redacted`). What cannot be read is
 * in the bundle as its error. Throws an Error if the cluster does not answer.
 */
export async function dump(options: DumpOptions): Promise<CommandResult> {
  const own = await offlineInputs(options);
  const client = await openUserCluster(options);
  const webhooks = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  if (webhooks.kind !== 'ok' && webhooks.kind !== 'http')
    throw new Error(`cannot read the cluster: ${describeFailure(webhooks)}`);
  const configurations =
    webhooks.kind === 'ok' ? objectsIn(webhooks.body, 'items').filter((one) => ownEntries(one).length > 0) : [];
  const services = configurations.flatMap((one) => serviceOf(one) ?? []);
  const bundle = {
    client: { version: VERSION, node: process.version, platform: `${process.platform} ${process.arch}` },
    kubernetes: content(await readOnce(client, '/version')),
    checks: await checkAll(client, own, options).catch((error: unknown) => ({ error: errorMessage(error) })),
    webhookConfigurations: webhooks.kind === 'ok' ? configurations : describeFailure(webhooks),
    servers: await Promise.all(services.map((service) => serverOf(client, service))),
    namespaces: await namespacesOf(client),
  };
  return { output: dataOutput(options.output, redacted(bundle)), messages: [LOGS], exitCode: 0 };
}

const LOGS = 'The logs are not in it: kubectl -n agent-injector logs deployment/agent-injector --all-containers';

async function serverOf(client: KubeClient, { namespace, name }: ObjectName): Promise<object> {
  const read = async (path: string): Promise<unknown> => content(await readOnce(client, path));
  const core = `/api/v1/namespaces/${namespace}`;
  const [deployment, pods, events, configuration, profiles, injectionSwitch] = await Promise.all([
    read(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`),
    read(`${core}/pods`),
    read(`${core}/events?limit=500`),
    read(`${core}/configmaps/${name}`),
    read(`${core}/configmaps/${name}-profiles`),
    read(`${core}/configmaps/${name}-switch`),
  ]);
  return {
    namespace,
    name,
    deployment,
    pods: ofServer(pods, name),
    events,
    configuration,
    profiles,
    switch: injectionSwitch,
  };
}

/** Other pods of the namespace are none of our business. */
function ofServer(pods: unknown, name: string): unknown {
  if (!isObject(pods)) return pods;
  return objectsIn(pods, 'items').filter((one) => textIn(objectIn(one, 'metadata'), 'name').startsWith(`${name}-`));
}

function content(answer: ApiResponse): JsonObject | string {
  return answer.kind === 'ok' ? answer.body : describeFailure(answer);
}

/** The namespaces that are opted in: their labels and annotations that count. */
async function namespacesOf(client: KubeClient): Promise<unknown> {
  try {
    return [...(await readNamespaceList(client)).values()].filter(isOptedIn);
  } catch (error) {
    return errorMessage(error);
  }
}
