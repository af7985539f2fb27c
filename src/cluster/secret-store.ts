import { isObject, type JsonObject, objectIn, textIn } from '../lib/json.ts';
import { describeFailure, type Failure } from './client/errors.ts';
import type { ApiResponse, KubeClient } from './client/types.ts';

type Data = Readonly<Record<string, string>>;

interface Failed {
  readonly kind: 'failed';
  readonly why: string;
}

type WriteResult = { readonly kind: 'done' } | { readonly kind: 'conflict' } | Failed;

/** One Secret. Needs get and update of it, and create in its namespace (RBAC cannot name what does not exist yet). */
export interface NamedSecret {
  readonly read: () => Promise<
    { readonly kind: 'found'; readonly data: Data; readonly version: string } | { readonly kind: 'absent' } | Failed
  >;
  readonly create: (data: Data) => Promise<WriteResult>;
  /** Preserves labels, owners and annotations. `conflict`: the Secret no longer has that version. */
  readonly update: (data: Data, version: string) => Promise<WriteResult>;
}

const LIMITS = { timeoutMs: 5_000, maxBytes: 2 * 1024 * 1024 };

const MANAGER = 'fieldManager=agent-injector';

export function namedSecret(client: KubeClient, namespace: string, name: string): NamedSecret {
  const collection = `/api/v1/namespaces/${namespace}/secrets`;
  const path = `${collection}/${name}`;
  const failed = (failure: Failure): Failed => ({
    kind: 'failed',
    why: `Secret ${namespace}/${name}: ${describeFailure(failure)}`,
  });
  const toResult = (response: ApiResponse): WriteResult => {
    if (response.kind === 'ok') return { kind: 'done' };
    // 409 means "exists already" or "another version"; 404 on an update means that the Secret was deleted.
    const { reason, message } = response.kind === 'http' ? response : { reason: '', message: '' };
    const isDeleted = reason === 'NotFound' && message.includes(`"${name}"`);
    const isConflict = reason === 'AlreadyExists' || reason === 'Conflict' || isDeleted;
    return isConflict ? { kind: 'conflict' } : failed(response);
  };
  let last: JsonObject | undefined;
  return {
    read: async () => {
      const response = await client.getJson(path, LIMITS);
      if (response.kind === 'http' && response.status === 404) return { kind: 'absent' };
      if (response.kind !== 'ok') return failed(response);
      last = response.body;
      return { kind: 'found', data: decode(last['data']), version: versionOf(last) };
    },
    create: async (data) => {
      const metadata = { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'agent-injector' } };
      const body = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data: encode(data) };
      return toResult(await client.sendJson(`${collection}?${MANAGER}`, { ...LIMITS, method: 'POST', body }));
    },
    update: async (data, version) => {
      if (!last || versionOf(last) !== version) return { kind: 'conflict' };
      // The whole object with its resourceVersion, which the API server compares.
      const body = { ...last, data: encode(data) };
      return toResult(await client.sendJson(`${path}?${MANAGER}`, { ...LIMITS, method: 'PUT', body }));
    },
  };
}

function versionOf(object: JsonObject): string {
  return textIn(objectIn(object, 'metadata'), 'resourceVersion');
}

function decode(data: unknown): Data {
  const entries = isObject(data) ? Object.entries(data) : [];
  return Object.fromEntries(
    entries.flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, Buffer.from(value, 'base64').toString()]] : [],
    ),
  );
}

function encode(data: Data): Data {
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
}
