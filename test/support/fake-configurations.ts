import type {
  ApiResponse,
  KubeClient,
  ListOptions,
  SendOptions,
  WatchOptions,
} from '../../src/cluster/client/types.ts';
import type { JsonObject } from '../../src/lib/json.ts';

type Entry = Record<string, unknown> & { clientConfig: Record<string, unknown> };
export interface Configuration {
  metadata: { name: string; resourceVersion: string; annotations?: Record<string, string> };
  webhooks: Entry[];
}

/** An API server with one MutatingWebhookConfiguration: list, watch, and a JSON patch that fails with its `test` operation. */
export class FakeConfigurations implements KubeClient {
  readonly server = 'https://fake';
  readonly patches: { readonly path: string; readonly options: SendOptions }[] = [];
  readonly #watchers = new Set<WatchOptions['onLine']>();
  #version = 1;
  current: Configuration | undefined;
  /** Answers all writes. */
  refusal: ApiResponse | undefined;
  listed: string | undefined;

  constructor(current: Configuration | undefined) {
    this.current = current;
  }

  getJson = async (path: string): Promise<ApiResponse> => {
    this.listed = path;
    const metadata = { resourceVersion: String(this.#version) };
    return { kind: 'ok', body: copy({ metadata, items: this.current ? [this.current] : [] }) };
  };

  getItems = async (path: string, { onItem }: ListOptions): Promise<ApiResponse> => {
    const answer = await this.getJson(path);
    if (answer.kind !== 'ok') return answer;
    const { items, ...body } = answer.body;
    for (const item of Array.isArray(items) ? items : []) await onItem(item as JsonObject);
    return { kind: 'ok', body };
  };

  watchLines = async (_: string, { onLine, signal }: WatchOptions): ReturnType<KubeClient['watchLines']> => {
    this.#watchers.add(onLine);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    this.#watchers.delete(onLine);
    return { kind: 'aborted' };
  };

  sendJson = async (path: string, options: SendOptions): Promise<ApiResponse> => {
    // Asynchronous, so that another patch can be on its way.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.refusal) return this.refusal;
    const [check, ...operations] = options.body as { op: string; path: string; value: string }[];
    if (check?.op !== 'test' || check.value !== this.current?.metadata.resourceVersion) {
      return { kind: 'http', status: 422, reason: 'Invalid', message: 'the test failed', retryAfterMs: 0 };
    }
    this.patches.push({ path, options });
    this.change((webhooks) => {
      for (const { path: pointer, value } of operations) {
        const [, index, field] = /^\/webhooks\/(\d)\/clientConfig\/(caBundle|service\/path)$/.exec(pointer) ?? [];
        const config = webhooks[Number(index)]?.clientConfig;
        if (config && field === 'caBundle') config['caBundle'] = value;
        else if (config) config['service'] = { ...(config['service'] as object), path: value };
      }
    });
    return { kind: 'ok', body: {} };
  };

  get watching(): number {
    return this.#watchers.size;
  }

  /** Changes the configuration as another client. */
  change(how: (webhooks: Entry[]) => void): void {
    if (!this.current) throw new Error('there is none');
    how(this.current.webhooks);
    this.#send('MODIFIED', this.current);
  }

  create(configuration: Configuration): void {
    this.current = configuration;
    this.#send('ADDED', configuration);
  }

  #send(type: string, configuration: Configuration): void {
    this.#version += 1;
    configuration.metadata.resourceVersion = String(this.#version);
    for (const onLine of this.#watchers) onLine(copy({ type, object: configuration }));
  }
}

function copy(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
