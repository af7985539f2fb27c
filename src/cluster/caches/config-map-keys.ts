import { type Clock, systemClock } from '../../lib/clock.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { ReflectorTiming } from '../watch/timing.ts';

export interface ConfigMapKeysOptions {
  readonly logger: Logger;
  readonly timing?: Partial<ReflectorTiming>;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** Every namespace has one, made by Kubernetes itself; nobody takes variables from it. */
const ROOT_CA = 'kube-root-ca.crt';

/** A ConfigMap is up to 1 MiB: with pages of so few, a list is read in little memory. */
const PAGE_ITEMS = 25;

/**
 * The names of the keys of all ConfigMaps in the cluster, by list and watch. Values are dropped as they are read. Needs list and watch of
 * configmaps in all namespaces.
 */
export class ConfigMapKeys {
  private readonly reflector: Reflector<readonly string[]>;

  constructor(cluster: KubeClient, options: ConfigMapKeysOptions) {
    this.reflector = new Reflector<readonly string[]>({
      ...options,
      clock: options.clock ?? systemClock,
      cluster,
      path: '/api/v1/configmaps',
      metadataOnly: false,
      fieldSelector: `metadata.name!=${ROOT_CA}`,
      pageItems: PAGE_ITEMS,
      keep: keysOf,
    });
  }

  /** Begins to list and watch; `stop` ends it. */
  start(): this {
    this.reflector.start();
    return this;
  }

  /** The names of its keys; undefined where it is not known, or not for certain any more. */
  get(namespace: string, name: string): ReadonlySet<string> | undefined {
    if (!this.reflector.isFresh()) return undefined;
    const keys = this.reflector.get(`${namespace}/${name}`);
    return keys && new Set(keys);
  }

  /** Facts for readiness and metrics. */
  status(): ReflectorStatus {
    return this.reflector.status();
  }

  /** Resolves when no request is left. */
  stop(): Promise<void> {
    return this.reflector.stop();
  }
}

const NONE: readonly string[] = Object.freeze([]);

/** Variables come of `data` alone, not of `binaryData` (k8s.io/kubernetes kubelet_pods.go makeEnvironmentVariables). */
function keysOf({ data }: JsonObject): readonly string[] {
  return isObject(data) ? Object.keys(data) : NONE;
}
