import { type JsonObject, objectIn } from '../lib/json.ts';
import { describeFailure, isNotFound } from './client/errors.ts';
import type { ApiResponse, KubeClient } from './client/types.ts';
import type { ObjectName } from './object-name.ts';

export type Written = { readonly ok: true; readonly data: JsonObject } | { readonly ok: false; readonly why: string };

/** Values to set; null removes one. */
export type Changes = Readonly<Record<string, string | null>>;

const LIMITS = { timeoutMs: 10_000, maxBytes: 2 * 1024 * 1024 };

const MERGE = 'application/merge-patch+json';

/** The manager of the fields that a command writes. */
export const CLI_MANAGER = 'agent-injector-cli';

/** Changes the data of a ConfigMap and creates it if it does not exist and there is something to set. Returns the data it then has. */
export async function changeConfigMap(
  client: KubeClient,
  at: ObjectName,
  changes: Changes,
  manager = CLI_MANAGER,
): Promise<Written> {
  const { namespace, name } = at;
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const patch = (): Promise<ApiResponse> => send(client, `${path}/${name}`, { data: changes }, manager);
  const patched = await patch();
  if (patched.kind === 'ok' || !isNotFound(patched)) return written(patched);
  const data = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null));
  if (Object.keys(data).length === 0) return { ok: true, data: {} };
  const metadata = { name, namespace, labels: { 'app.kubernetes.io/part-of': 'agent-injector' } };
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  const created = await client.sendJson(`${path}?fieldManager=${manager}`, { ...LIMITS, method: 'POST', body });
  // Another caller may have created it meanwhile.
  return written(created.kind === 'http' && created.reason === 'AlreadyExists' ? await patch() : created);
}

/** Changes annotations of a Namespace. Returns those it then has. */
export async function annotateNamespace(client: KubeClient, name: string, changes: Changes): Promise<Written> {
  const answer = await send(client, `/api/v1/namespaces/${name}`, { metadata: { annotations: changes } });
  if (answer.kind !== 'ok') return written(answer);
  return { ok: true, data: objectIn(objectIn(answer.body, 'metadata'), 'annotations') };
}

function send(client: KubeClient, path: string, body: JsonObject, manager = CLI_MANAGER): Promise<ApiResponse> {
  return client.sendJson(`${path}?fieldManager=${manager}`, { ...LIMITS, method: 'PATCH', body, contentType: MERGE });
}

function written(answer: ApiResponse): Written {
  return answer.kind === 'ok'
    ? { ok: true, data: objectIn(answer.body, 'data') }
    : { ok: false, why: describeFailure(answer) };
}
