import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { pathOf, type Ref } from '../e2e/kinds.ts';
import { waitFor } from './wait-for.ts';

/** Any Kubernetes object. Tests pass a narrower type: `client.get<V1Pod>(…)`. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly generateName?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface Reply {
  readonly status: number;
  /** Parsed JSON, or text that is not JSON (`/metrics`). */
  readonly body: unknown;
  /** The warnings that `kubectl` prints. */
  readonly warnings: readonly string[];
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** An answer with status 400 or above. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly reply: Reply;

  constructor(what: string, reply: Reply) {
    // A metav1.Status or text.
    const body = reply.body as { readonly message?: string; readonly reason?: string } | string;
    super(`${what}: ${reply.status} ${typeof body === 'string' ? body : (body.message ?? JSON.stringify(body))}`);
    this.name = 'ApiError';
    this.status = reply.status;
    this.reason = typeof body === 'string' ? '' : (body.reason ?? '');
    this.reply = reply;
  }
}

export interface Written<T> {
  readonly object: T;
  readonly warnings: readonly string[];
}

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

export interface WriteOptions {
  readonly dryRun?: boolean;
}

export interface PatchOptions extends WriteOptions {
  readonly type?: keyof typeof PATCH_TYPES;
  /** `scale`, `status`… */
  readonly subresource?: string;
}

export interface ClientOptions {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  /** The name in the certificate, if it differs from the host in the URL. */
  readonly servername?: string;
  /** Further requests wait for a connection. @default no limit */
  readonly maxSockets?: number;
}

/** A client of the API server that returns plain JSON and warnings. */
export class Client {
  readonly #options: ClientOptions;
  readonly #agent: Agent;

  constructor(options: ClientOptions) {
    this.#options = options;
    const { ca, servername, maxSockets } = options;
    const name = servername !== undefined && { servername };
    this.#agent = new Agent({ keepAlive: true, ca, ...name, ...(maxSockets !== undefined && { maxSockets }) });
  }

  /** Sends a request. Throws only if the connection fails, whatever the status. */
  async request(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Reply> {
    for (;;) {
      const reply = await this.#send(method, path, body === undefined ? undefined : JSON.stringify(body), contentType);
      if (reply) return reply;
    }
  }

  async create<T = KubeObject>(object: KubeObject, options: WriteOptions = {}): Promise<Written<T>> {
    return this.#write('POST', pathOf({ ...refOf(object), name: undefined }) + queryOf(options), object);
  }

  async replace<T = KubeObject>(object: KubeObject, options: WriteOptions = {}): Promise<Written<T>> {
    return this.#write('PUT', pathOf(refOf(object)) + queryOf(options), object);
  }

  async patch<T = KubeObject>(ref: Ref, patch: unknown, options: PatchOptions = {}): Promise<Written<T>> {
    const subresource = options.subresource === undefined ? '' : `/${options.subresource}`;
    const path = pathOf(ref) + subresource + queryOf(options);
    return this.#write('PATCH', path, patch, PATCH_TYPES[options.type ?? 'merge']);
  }

  async scale(ref: Ref, replicas: number): Promise<void> {
    await this.patch(ref, { spec: { replicas } }, { subresource: 'scale' });
  }

  async get<T = KubeObject>(ref: Ref): Promise<T> {
    const { object } = await this.#write<T>('GET', pathOf(ref));
    return object;
  }

  /** Returns undefined if the object does not exist. */
  async find<T = KubeObject>(ref: Ref): Promise<T | undefined> {
    try {
      return await this.get<T>(ref);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Lists objects by name. The items of a list have no apiVersion and kind, so both are added. */
  async list<T = KubeObject>(ref: Omit<Ref, 'name'>, labelSelector?: string): Promise<T[]> {
    const query = labelSelector === undefined ? '' : `?labelSelector=${encodeURIComponent(labelSelector)}`;
    const { object } = await this.#write<{ apiVersion: string; kind: string; items: T[] }>('GET', pathOf(ref) + query);
    const head = { apiVersion: object.apiVersion, kind: object.kind.replace(/List$/, '') };
    return object.items.map((item) => ({ ...head, ...item }));
  }

  /** What `kubectl get -o wide` shows of a collection. */
  async table(path: string): Promise<Table> {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const reply = await this.#send('GET', path, undefined, 'application/json', accept);
    const body = reply?.body as {
      readonly columnDefinitions: readonly { readonly name: string }[];
      readonly rows: readonly { readonly cells: readonly unknown[] }[];
    };
    return { columns: body.columnDefinitions.map(({ name }) => name), rows: body.rows.map(({ cells }) => cells) };
  }

  /** Deletes without a grace period. An object that does not exist is no error. */
  async delete(ref: Ref): Promise<void> {
    const path = `${pathOf(ref)}?gracePeriodSeconds=0&propagationPolicy=Background`;
    const reply = await this.request('DELETE', path);
    if (reply.status >= 400 && reply.status !== 404) throw new ApiError(`DELETE ${path}`, reply);
  }

  /** Creates a namespace, and waits for its default ServiceAccount, which pods need. */
  async createNamespace(
    name: string,
    metadata: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> } = {},
  ): Promise<void> {
    await this.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } });
    await waitFor(`the default service account of namespace ${name}`, () =>
      this.find({ kind: 'ServiceAccount', namespace: name, name: 'default' }),
    );
  }

  async #write<T>(method: string, path: string, body?: unknown, contentType?: string): Promise<Written<T>> {
    const reply = await this.request(method, path, body, contentType);
    if (reply.status >= 400) throw new ApiError(`${method} ${path}`, reply);
    return { object: reply.body as T, warnings: reply.warnings };
  }

  /** Returns undefined if a reused connection was closed: the request must be sent again. */
  async #send(
    method: string,
    path: string,
    body: string | undefined,
    contentType: string,
    accept = 'application/json',
  ): Promise<Reply | undefined> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(`${this.#options.url}${path}`, {
        method,
        agent: this.#agent,
        headers: {
          authorization: `Bearer ${this.#options.token}`,
          ...(accept !== 'application/json' && { accept }),
          ...(body !== undefined && { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
        },
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        if (request.reusedSocket && error.code === 'ECONNRESET') resolve(undefined);
        else reject(error);
      });
      request.on('response', (response) => {
        const warnings = (response.headersDistinct['warning'] ?? []).map(warningText);
        text(response).then(
          (content) => resolve({ status: response.statusCode ?? 0, body: parse(content), warnings }),
          reject,
        );
      });
      request.end(body);
    });
  }
}

function refOf(object: KubeObject): Ref {
  const { kind, apiVersion, metadata } = object;
  if (kind === undefined) throw new Error('an object without a kind');
  return { kind, apiVersion, namespace: metadata?.namespace, name: metadata?.name };
}

function queryOf({ dryRun = false }: WriteOptions): string {
  return dryRun ? '?dryRun=All' : '';
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}

/** `299 - "text"`, with quotes and backslashes in the text escaped (RFC 7234 §5.5), in UTF-8 as kubectl reads it. */
function warningText(header: string): string {
  const line = Buffer.from(header, 'latin1').toString('utf8');
  const quoted = /^\d{3} \S+ "((?:[^"\\]|\\.)*)"/s.exec(line)?.[1];
  return quoted === undefined ? line : quoted.replaceAll(/\\(.)/gs, '$1');
}
