import { isObject, type JsonObject, objectIn, textIn } from '../lib/json.ts';
import { describeFailure, type Failure } from './client/errors.ts';
import type { ApiResponse, KubeClient } from './client/types.ts';

type Data = Readonly<Record<string, string>>;

interface Failed {
  readonly kind: 'failed';
  readonly why: string;
}

type WriteResult = { readonly kind: 'done' } | { readonly kind: 'conflict' } | Failed;

/** One Secret. Needs get and update of it. */
export interface NamedSecret {
  /** For messages: `Secret NAMESPACE/NAME`. */
  readonly where: string;
  readonly read: () => Promise<
    | { readonly kind: 'found'; readonly type: string; readonly data: Data; readonly version: string }
    | { readonly kind: 'absent' }
    | Failed
  >;
  /** Preserves labels, owners and annotations. `conflict`: the Secret no longer has that version. */
  readonly update: (data: Data, version: string) => Promise<WriteResult>;
}

const LIMITS = { timeoutMs: 5_000, maxBytes: 2 * 1024 * 1024 };

const MANAGER = 'fieldManager=agent-injector';

export function namedSecret(client: KubeClient, namespace: string, name: string): NamedSecret {
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const where = `Secret ${namespace}/${name}`;
  const failed = (failure: Failure): Failed => ({ kind: 'failed', why: `${where}: ${describeFailure(failure)}` });
  const toResult = (response: ApiResponse): WriteResult => {
    if (response.kind === 'ok') return { kind: 'done' };
    // 404 on an update means that the Secret was deleted.
    const { reason, message } = response.kind === 'http' ? response : { reason: '', message: '' };
    const isDeleted = reason === 'NotFound' && message.includes(`"${name}"`);
    return reason === 'Conflict' || isDeleted ? { kind: 'conflict' } : failed(response);
  };
  let last: JsonObject | undefined;
  return {
    where,
    read: async () => {
      const response = await client.getJson(path, LIMITS);
      if (response.kind === 'http' && response.status === 404) return { kind: 'absent' };
      if (response.kind !== 'ok') return failed(response);
      last = response.body;
      return { kind: 'found', type: textIn(last, 'type'), data: decode(last['data']), version: versionOf(last) };
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
