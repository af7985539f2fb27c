import { isIP } from 'node:net';
import type { PodClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import { ownEntries } from '../../diagnostics/webhook-match.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { nowOf } from '../../page/now.ts';
import type { Now } from '../../page/wire.ts';
import { serviceOf } from '../installed-settings.ts';

const TIMEOUT_MS = 5000;

const MAX_BYTES = 2 * 1024 * 1024;

/** Replicas that are asked. */
const MAX_REPLICAS = 8;

/** A replica of a server. */
interface ServerPod {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  /** The admin port. */
  readonly port: number;
}

/** Empty for what does not answer with metrics of a server. Never rejects. */
export type ReadMetrics = (pod: ServerPod) => Promise<readonly string[]>;

/** Reads the metrics of the installed servers. Undefined if that is not possible, or none is installed. */
export async function readNow(
  client: PodClient,
  read: ReadMetrics = throughApiServer(client),
): Promise<Now | undefined> {
  const texts = (await Promise.all((await serverPods(client)).map(read))).flat();
  if (texts.length === 0) return undefined;
  return nowOf(texts, new Date().toISOString(), (seconds) => new Date(seconds * 1000).toISOString());
}

/** For a user's machine, which reaches no pod. */
function throughApiServer(client: PodClient): ReadMetrics {
  return async ({ namespace, name, port }) => {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy/metrics`;
    const answer = await client.getText(path, { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
    return answer.kind === 'ok' ? metricsIn(answer.text) : [];
  };
}

/** For the page in the cluster: the right to pods/proxy would reach every port of every pod. */
export async function directly({ ip, port }: Pick<ServerPod, 'ip' | 'port'>): Promise<readonly string[]> {
  const version = isIP(ip);
  if (version === 0) return [];
  const url = `http://${version === 6 ? `[${ip}]` : ip}:${port}/metrics`;
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = response.ok && response.body ? await textWithin(response.body) : undefined;
    await response.body?.cancel().catch(() => undefined);
    return text === undefined ? [] : metricsIn(text);
  } catch {
    return [];
  }
}

/** Undefined for more than metrics have. */
async function textWithin(body: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function metricsIn(text: string): readonly string[] {
  return text.includes('agent_injector_') ? [text] : [];
}

/** The replicas that run, of the Services that the webhook configurations name. */
async function serverPods(client: PodClient): Promise<readonly ServerPod[]> {
  const webhooks = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  const all = webhooks.kind === 'ok' ? objectsIn(webhooks.body, 'items') : [];
  const services = all.filter((one) => ownEntries(one).length > 0).flatMap((one) => serviceOf(one) ?? []);
  const found = await Promise.all(
    services.map(async ({ namespace, name }) => {
      const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/services/${name}`);
      if (answer.kind !== 'ok') return [];
      const wanted = objectIn(objectIn(answer.body, 'spec'), 'selector');
      const selector = Object.entries(wanted);
      const query = encodeURIComponent(selector.map(([label]) => `${label}=${textIn(wanted, label)}`).join());
      const pods = await readOnce(client, `/api/v1/namespaces/${namespace}/pods?labelSelector=${query}&limit=50`);
      return pods.kind === 'ok' ? objectsIn(pods.body, 'items').flatMap((pod) => serverPod(namespace, pod)) : [];
    }),
  );
  return found.flat().slice(0, MAX_REPLICAS);
}

/** The admin port has a name in the pod. */
function serverPod(namespace: string, pod: JsonObject): readonly ServerPod[] {
  if (textIn(objectIn(pod, 'status'), 'phase') !== 'Running') return [];
  const ports = objectsIn(objectIn(pod, 'spec'), 'containers').flatMap((one) => objectsIn(one, 'ports'));
  const admin = ports.find(({ name }) => name === 'metrics' || name === 'admin')?.['containerPort'];
  const name = textIn(objectIn(pod, 'metadata'), 'name');
  const ip = textIn(objectIn(pod, 'status'), 'podIP');
  return typeof admin === 'number' ? [{ namespace, name, ip, port: admin }] : [];
}
