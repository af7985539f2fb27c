import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { existsSync, readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import type { Clock } from '../../lib/clock.ts';
import { isRecord } from '../../lib/json.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { quote } from '../../lib/text.ts';
import { errorText } from './errors.ts';

export const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** Who asks, where it is not the current context of the kubeconfig: kubectl's flags of these names. */
export interface Identity {
  readonly context?: string | undefined;
  /** User to impersonate, and groups. */
  readonly as?: string | undefined;
  readonly asGroup?: readonly string[] | undefined;
}

/** An exec plugin that takes longer is started again; until then all requests wait for the one process. */
const PLUGIN_TIMEOUT_MS = 60_000;

export type AuthenticatedOptions = Omit<RequestOptions, 'headers'> & {
  readonly headers: Readonly<Record<string, string | string[]>>;
};

/** Address of the API server and the credentials for it. Loaded for each request, because certificates and tokens rotate. */
export interface Credentials {
  readonly server: string;
  options(): Promise<AuthenticatedOptions>;
  /** The kubeconfig, for what the library does by itself. */
  config(): KubeConfig;
  /**
   * Called when the API server refused the credentials: the next request reads or requests new tokens. The library caches them by the wall
   * clock, and that would be for years if the clock is set back.
   */
  reload(): void;
}

/**
 * Loads the credentials of the kubeconfig's current context, or of the one that `identity` names, else of the pod's service account. Undefined where there is neither. `root` is a
 * prefix of the service account's path, for tests. Throws a start-up error when the kubeconfig cannot be used.
 */
export async function loadCredentials(
  kubeconfig: string | undefined,
  root: string,
  clock: Clock,
  identity: Identity = {},
): Promise<Credentials | undefined> {
  if (kubeconfig === undefined && !existsSync(root + TOKEN_FILE)) return undefined;
  // Deep and late: the package's index loads every generated API, and commands without a cluster need none of them.
  const { KubeConfig: Config } = await import('@kubernetes/client-node/dist/config.js');
  const load = (): KubeConfig => {
    const config = new Config();
    if (kubeconfig === undefined) config.loadFromCluster(root);
    else loadFile(config, kubeconfig, identity.context);
    return withHeaders(config, impersonation(identity));
  };
  const config = load();
  // Without KUBERNETES_SERVICE_HOST and _PORT the library returns https://undefined:undefined.
  const server = config.getCurrentCluster()?.server ?? '';
  if (kubeconfig === undefined && (!URL.canParse(server) || new URL(server).hostname === 'undefined')) return undefined;
  return new ConfigCredentials({ config, load, clock });
}

/**
 * The namespace that kubectl would use: that of the context, or of the pod that this is. Undefined where none is set, and for a kubeconfig that cannot
 * be read: what uses it says so.
 */
export async function contextNamespace(
  kubeconfig: string | undefined,
  context: string | undefined,
  root = '',
): Promise<string | undefined> {
  if (kubeconfig === undefined)
    return existsSync(root + NAMESPACE_FILE) ? readFileSync(root + NAMESPACE_FILE, 'utf8').trim() : undefined;
  const config = await readConfig(kubeconfig);
  return config?.getContextObject(context ?? config.getCurrentContext())?.namespace;
}

/** The names of the contexts in a kubeconfig; none if it cannot be read. */
export async function contextNames(kubeconfig: string): Promise<readonly string[]> {
  const config = await readConfig(kubeconfig);
  return config?.getContexts().map(({ name }) => name) ?? [];
}

async function readConfig(kubeconfig: string): Promise<KubeConfig | undefined> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node/dist/config.js');
  const config = new Config();
  try {
    config.loadFromFile(kubeconfig);
    return config;
  } catch {
    return undefined;
  }
}

function impersonation({ as, asGroup = [] }: Identity): Readonly<Record<string, string | string[]>> {
  return {
    ...(as !== undefined && { 'Impersonate-User': as }),
    ...(asGroup.length > 0 && { 'Impersonate-Group': [...asGroup] }),
  };
}

/** Completes what the library authenticates with, for requests and for its own WebSockets alike. */
function withHeaders(config: KubeConfig, added: Readonly<Record<string, string | string[]>>): KubeConfig {
  const apply = config.applyToHTTPSOptions.bind(config);
  config.applyToHTTPSOptions = async (options) => {
    const headers: Record<string, string | string[]> = {};
    await apply(Object.assign(options, { headers }));
    // A token file may end in a newline, which a header must not contain; the library does not trim it.
    if (typeof headers['Authorization'] === 'string') headers['Authorization'] = headers['Authorization'].trim();
    Object.assign(headers, added);
  };
  return config;
}

function loadFile(config: KubeConfig, file: string, context: string | undefined): void {
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw new Error(`cannot read the kubeconfig ${file}: ${kubeconfigError(error)}`, { cause: error });
  }
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context))
      throw new Error(`the kubeconfig ${file} has no context "${context}"${didYouMean(nearest(context, names))}`);
    config.setCurrentContext(context);
  }
  const refused = unsupportedLogin(config);
  if (refused !== undefined) throw new Error(`cannot use the kubeconfig ${file}: ${refused}`);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`the current context of the kubeconfig ${file} has no cluster`);
  if (!URL.canParse(cluster.server)) {
    throw new Error(`the server in the kubeconfig ${file} is not a URL: ${cluster.server}`);
  }
}

/**
 * Why the login of the current user is not supported: gcp and azure left client-go in 1.26, oidc has plugins, and the code for the three is not in
 * the bundle (build.mjs). Of `auth-provider`, the library's own `exec` and `tokenFile` remain.
 */
function unsupportedLogin(config: KubeConfig): string | undefined {
  // The library's type is `any`.
  const provider: unknown = config.getCurrentUser()?.authProvider;
  if (!isRecord(provider)) return undefined;
  const settings = isRecord(provider['config']) ? provider['config'] : {};
  if (provider['name'] === 'exec' || 'exec' in settings || 'tokenFile' in settings) return undefined;
  const name = typeof provider['name'] === 'string' ? ` ${quote(provider['name'])}` : '';
  return `its user logs in by auth-provider${name}, which is not supported: use exec credentials instead (users[].user.exec, for example with gke-gcloud-auth-plugin or kubelogin)`;
}

/** Explains why the library cannot read a kubeconfig, without quoting it: it holds tokens and keys. */
function kubeconfigError(error: unknown): string {
  // The library reads `undefined.clusters` from a file that is empty or holds something else.
  if (error instanceof TypeError) return 'it is not a kubeconfig';
  if (!(error instanceof Error) || error.name !== 'YAMLException') return errorText(error);
  const place = /\(\d+:\d+\)/.exec(error.message)?.[0];
  return `it is not valid YAML${place === undefined ? '' : ` ${place}`}`;
}

interface LoadedConfig {
  readonly config: KubeConfig;
  readonly load: () => KubeConfig;
  readonly clock: Clock;
}

class ConfigCredentials implements Credentials {
  readonly server: string;
  #config: KubeConfig;
  readonly #load: () => KubeConfig;
  readonly #clock: Clock;
  #pending: { readonly since: number; readonly options: Promise<AuthenticatedOptions> } | undefined;

  constructor({ config, load, clock }: LoadedConfig) {
    this.#config = config;
    this.#load = load;
    this.#clock = clock;
    this.server = config.getCurrentCluster()?.server ?? '';
  }

  /** Concurrent calls share one run: a slow exec plugin is one process, not one per request. */
  options(): Promise<AuthenticatedOptions> {
    const now = this.#clock.now();
    if (this.#pending !== undefined && now - this.#pending.since < PLUGIN_TIMEOUT_MS) return this.#pending.options;
    const pending = { since: now, options: this.#authenticate() };
    this.#pending = pending;
    const clear = (): void => {
      if (this.#pending === pending) this.#pending = undefined;
    };
    pending.options.then(clear, clear);
    return pending.options;
  }

  config(): KubeConfig {
    return this.#config;
  }

  reload(): void {
    try {
      this.#config = this.#load();
    } catch {
      // The file is just being replaced: the next refusal tries again.
    }
  }

  async #authenticate(): Promise<AuthenticatedOptions> {
    const options: RequestOptions & Pick<AuthenticatedOptions, 'headers'> = { headers: {} };
    await this.#config.applyToHTTPSOptions(options).catch((error: unknown) => {
      // The parser's message quotes its input, which is part of a token.
      if (error instanceof SyntaxError) throw new Error('the output of the exec plugin is not JSON', { cause: error });
      throw error;
    });
    return options;
  }
}
