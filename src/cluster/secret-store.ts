import { isObject, type JsonObject } from '../lib/json.ts';
import { describeFailure, type Failure } from './client/errors.ts';
import type { ApiResponse, KubeClient } from './client/types.ts';

/** What a Secret holds, as text. */
type Data = Readonly<Record<string, string>>;

type Written =
  | { readonly kind: 'done' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'failed'; readonly why: string };

/** One named Secret. Needs get and update of that one, and create in its namespace (RBAC cannot name what does not exist yet). */
export interface NamedSecret {
  readonly read: () => Promise<
    | { readonly kind: 'found'; readonly data: Data; readonly version: string }
    | { readonly kind: 'absent' }
    | { readonly kind: 'failed'; readonly why: string }
  >;
  readonly create: (data: Data) => Promise<Written>;
  /** Keeps what others put on it: labels, owners, annotations. `conflict`: it is no longer of that version. */
  readonly update: (data: Data, version: string) => Promise<Written>;
}

const LIMITS = { timeoutMs: 5_000, maxBytes: 2 * 1024 * 1024 };

const MANAGER = 'fieldManager=agent-injector';

export function namedSecret(cluster: KubeClient, namespace: string, name: string): NamedSecret {
  const all = `/api/v1/namespaces/${namespace}/secrets`;
  const one = `${all}/${name}`;
  const failed = (failure: Failure): { readonly kind: 'failed'; readonly why: string } => ({
    kind: 'failed',
    why: `Secret ${namespace}/${name}: ${describeFailure(failure)}`,
  });
  const written = (answer: ApiResponse): Written => {
    if (answer.kind === 'ok') return { kind: 'done' };
    // 409 is "there is one" and "not this version"; 404 on an update: it has been deleted meanwhile.
    const isConflict = answer.kind === 'http' && (answer.reason === 'AlreadyExists' || answer.reason === 'Conflict');
    const isGone = answer.kind === 'http' && answer.reason === 'NotFound' && answer.message.includes(`"${name}"`);
    return isConflict || isGone ? { kind: 'conflict' } : failed(answer);
  };
  let last: JsonObject | undefined;
  return {
    read: async () => {
      const answer = await cluster.getJson(one, LIMITS);
      if (answer.kind === 'http' && answer.status === 404) return { kind: 'absent' };
      if (answer.kind !== 'ok') return failed(answer);
      last = answer.body;
      return { kind: 'found', data: decode(answer.body['data']), version: versionOf(answer.body) };
    },
    create: async (data) => {
      const metadata = { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'agent-injector' } };
      const body = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data: encode(data) };
      return written(await cluster.sendJson(`${all}?${MANAGER}`, { ...LIMITS, method: 'POST', body }));
    },
    update: async (data, version) => {
      if (!last || versionOf(last) !== version) return { kind: 'conflict' };
      // Whole, with its resourceVersion: the API server compares that.
      const body = { ...last, data: encode(data) };
      return written(await cluster.sendJson(`${one}?${MANAGER}`, { ...LIMITS, method: 'PUT', body }));
    },
  };
}

function versionOf({ metadata }: JsonObject): string {
  const version = isObject(metadata) ? metadata['resourceVersion'] : undefined;
  return typeof version === 'string' ? version : '';
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
