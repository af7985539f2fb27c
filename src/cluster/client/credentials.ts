import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import type { Clock } from '../../lib/clock.ts';
import { errorText } from './errors.ts';

const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** An exec plugin that has not answered for this long is started anew; until then all requests wait for the one process. */
const GIVE_UP_MS = 60_000;

/** Options of node:https with headers as a plain object, to which more can be added. */
export type SignedOptions = Omit<RequestOptions, 'headers'> & { readonly headers: Readonly<Record<string, string>> };

/** Where the API server is, and what to send along; a fresh agent each time, because certificates and tokens rotate. */
export interface Credentials {
  readonly server: string;
  /** Rejects when a certificate or token cannot be read, or an exec plugin fails. */
  options(): Promise<SignedOptions>;
  /**
   * To be called when they were refused: tokens are read, or asked for, anew the next time. The library remembers them by the clock on the wall,
   * for years if somebody sets it back.
   */
  renew(): void;
}

/**
 * The kubeconfig's current context, or the pod's service account, or undefined when there is neither. `root` stands before the
 * service account's path, for tests. Throws when the kubeconfig named by the user is of no use: a start-up error.
 */
export async function loadCredentials(
  kubeconfig: string | undefined,
  root: string,
  clock: Clock,
): Promise<Credentials | undefined> {
  if (kubeconfig === undefined && !existsSync(root + TOKEN_FILE)) return undefined;
  // Deep and late: the package's index pulls in every generated API, and commands that need no cluster need none of it.
  const { KubeConfig: Config } = await import('@kubernetes/client-node/dist/config.js');
  const load = (): KubeConfig => {
    const config = new Config();
    if (kubeconfig === undefined) config.loadFromCluster(root);
    else loadFile(config, kubeconfig);
    return config;
  };
  const config = load();
  // Without KUBERNETES_SERVICE_HOST and _PORT, which the library reads, it makes https://undefined:undefined.
  const server = config.getCurrentCluster()?.server ?? '';
  if (kubeconfig === undefined && (!URL.canParse(server) || new URL(server).hostname === 'undefined')) return undefined;
  return new ConfigCredentials(config, load, clock);
}

function loadFile(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw new Error(`cannot read the kubeconfig ${file}: ${unreadable(error)}`, { cause: error });
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`the kubeconfig ${file} has no cluster in its current context`);
  if (!URL.canParse(cluster.server)) {
    throw new Error(`the kubeconfig ${file} names a server that is no URL: ${cluster.server}`);
  }
}

/** Why the library cannot read a kubeconfig, without a word of what stands in it: there are tokens and keys. */
function unreadable(error: unknown): string {
  // It reads `undefined.clusters` of a file that holds something else, or nothing.
  if (error instanceof TypeError) return 'it is no kubeconfig';
  if (!(error instanceof Error) || error.name !== 'YAMLException') return errorText(error);
  const place = /\(\d+:\d+\)/.exec(error.message)?.[0];
  return `it is no YAML${place === undefined ? '' : ` ${place}`}`;
}

class ConfigCredentials implements Credentials {
  readonly server: string;
  private config: KubeConfig;
  private readonly load: () => KubeConfig;
  private readonly clock: Clock;
  private pending: { readonly since: number; readonly options: Promise<SignedOptions> } | undefined;

  constructor(config: KubeConfig, load: () => KubeConfig, clock: Clock) {
    this.config = config;
    this.load = load;
    this.clock = clock;
    this.server = config.getCurrentCluster()?.server ?? '';
  }

  /** Concurrent calls share one run: a slow exec plugin is one process, not one for every request. */
  options(): Promise<SignedOptions> {
    const now = this.clock.now();
    if (this.pending !== undefined && now - this.pending.since < GIVE_UP_MS) return this.pending.options;
    const mine = { since: now, options: this.make() };
    this.pending = mine;
    const forget = (): void => {
      if (this.pending === mine) this.pending = undefined;
    };
    mine.options.then(forget, forget);
    return mine.options;
  }

  renew(): void {
    try {
      this.config = this.load();
    } catch {
      // Somebody is just exchanging the file: the next refusal is the next chance.
    }
  }

  private async make(): Promise<SignedOptions> {
    const headers: Record<string, string> = {};
    const options: RequestOptions = { headers };
    await this.config.applyToHTTPSOptions(options).catch((error: unknown) => {
      // The parser's message has parts of what it read: of a token.
      if (error instanceof SyntaxError) throw new Error('what the exec plugin printed is no JSON', { cause: error });
      throw error;
    });
    // A token file may end in a newline, which no header may hold; the library does not trim it.
    if (headers['Authorization'] !== undefined) headers['Authorization'] = headers['Authorization'].trim();
    return { ...options, headers };
  }
}
