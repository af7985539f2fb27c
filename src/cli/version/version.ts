import type { KubeClient } from '../../cluster/client/types.ts';
import { describeFailure } from '../../cluster/client/errors.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import { replicasOf } from '../../diagnostics/checks/replicas.ts';
import { ownEntries } from '../../diagnostics/webhook-match.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import type { CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { errorMessage } from '../../lib/error-message.ts';
import { formatTable } from '../format.ts';
import { serviceOf } from '../installed-settings.ts';

export interface VersionOptions extends ClusterOptions {
  readonly client?: boolean | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}

export interface ServerVersion {
  /** The webhook configuration. */
  readonly configuration: string;
  /** From the label that the chart and the manifests set; `unknown` without it. */
  readonly version: string;
  /** `2 of 2 replicas ready`; absent if the Deployment cannot be read. */
  readonly replicas?: string;
}

interface Versions {
  readonly client: string;
  readonly servers?: readonly ServerVersion[];
  readonly kubernetes?: string;
}

/** Shows the versions of this program, the installed servers and the cluster. A cluster that cannot be read is a message. */
export async function version(options: VersionOptions): Promise<CommandResult> {
  const { messages, exitCode, ...found } = options.client ? FINE : await versionsOf(options).catch(unreadable);
  const versions: Versions = { client: VERSION, ...found };
  const shown = { messages, exitCode };
  if (options.output !== 'text') return { output: dataOutput(options.output, versions), ...shown };
  return { output: { kind: 'lines', lines: versionLines(versions) }, ...shown };
}

type Cluster = Omit<Versions, 'client'> & Required<Pick<CommandResult, 'messages' | 'exitCode'>>;

const FINE: Cluster = { messages: [], exitCode: 0 };

/** The version of this program is known without a cluster. */
function unreadable(error: unknown): Cluster {
  const hint = 'the version of this program alone: $ agent-injector version --client';
  return { messages: [errorMessage(error), hint], exitCode: 3 };
}

async function versionsOf(options: ClusterOptions): Promise<Cluster> {
  const client = await openUserCluster(options);
  const [kubernetes, webhooks] = await Promise.all([
    readOnce(client, '/version'),
    readOnce(client, WEBHOOK_CONFIGURATIONS),
  ]);
  if (kubernetes.kind !== 'ok')
    throw new Error(`cannot read the version of the cluster: ${describeFailure(kubernetes)}`);
  const installed =
    webhooks.kind === 'ok' ? await serverVersions(client, objectsIn(webhooks.body, 'items')) : undefined;
  return { ...FINE, kubernetes: textIn(kubernetes.body, 'gitVersion'), ...(installed && { servers: installed }) };
}

/** The versions of the installed servers, one for each of their webhook configurations. */
export function serverVersions(
  client: KubeClient,
  configurations: readonly JsonObject[],
): Promise<readonly ServerVersion[]> {
  const own = configurations.filter((one) => ownEntries(one).length > 0);
  return Promise.all(
    own.map(async (configuration) => {
      const metadata = objectIn(configuration, 'metadata');
      const label = textIn(objectIn(metadata, 'labels'), 'app.kubernetes.io/version');
      const replicas = await readReplicas(client, configuration);
      return {
        configuration: textIn(metadata, 'name'),
        version: label === '' ? 'unknown' : label,
        ...(replicas !== undefined && { replicas }),
      };
    }),
  );
}

async function readReplicas(client: KubeClient, configuration: JsonObject): Promise<string | undefined> {
  const service = serviceOf(configuration);
  if (!service) return undefined;
  const answer = await readOnce(client, `/apis/apps/v1/namespaces/${service.namespace}/deployments/${service.name}`);
  if (answer.kind !== 'ok') return undefined;
  const { ready, wanted } = replicasOf(answer.body, []);
  return `${ready} of ${wanted} replicas ready`;
}

function versionLines({ client, servers, kubernetes }: Versions): readonly string[] {
  const rows = [
    ['client', client],
    ...(servers ?? []).map((one) => ['server', one.version, one.configuration, one.replicas ?? '']),
    ...(servers?.length === 0 ? [['server', 'not installed']] : []),
    ...(servers === undefined && kubernetes !== undefined
      ? [['server', 'unknown', 'you may not list webhook configurations']]
      : []),
    ...(kubernetes === undefined ? [] : [['kubernetes', kubernetes.replace(/^v/, '')]]),
  ];
  return formatTable(rows);
}
