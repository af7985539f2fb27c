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

/** Reads the metrics of the installed servers through the API server. Undefined if the user may not, or none is installed. */
export async function readNow(client: PodClient): Promise<Now | undefined> {
  const texts = (await Promise.all((await serverPods(client)).map((path) => metricsOf(client, path)))).flat();
  if (texts.length === 0) return undefined;
  return nowOf(texts, new Date().toISOString(), (seconds) => new Date(seconds * 1000).toISOString());
}

async function metricsOf(client: PodClient, path: string): Promise<readonly string[]> {
  const answer = await client.getText(path, { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
  return answer.kind === 'ok' && answer.text.includes('agent_injector_') ? [answer.text] : [];
}

/** The addresses of the admin ports, by the port's name in the pod. */
async function serverPods(client: PodClient): Promise<readonly string[]> {
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
      return pods.kind === 'ok' ? objectsIn(pods.body, 'items').flatMap((pod) => addressOf(namespace, pod)) : [];
    }),
  );
  return found.flat().slice(0, MAX_REPLICAS);
}

function addressOf(namespace: string, pod: JsonObject): readonly string[] {
  if (textIn(objectIn(pod, 'status'), 'phase') !== 'Running') return [];
  const ports = objectsIn(objectIn(pod, 'spec'), 'containers').flatMap((one) => objectsIn(one, 'ports'));
  const admin = ports.find(({ name }) => name === 'metrics' || name === 'admin')?.['containerPort'];
  const name = textIn(objectIn(pod, 'metadata'), 'name');
  return typeof admin === 'number' ? [`/api/v1/namespaces/${namespace}/pods/${name}:${admin}/proxy/metrics`] : [];
}
