import { PROFILE_API_VERSION } from '../../api/keys.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import type { CacheOptions } from '../caches/cache.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import { collectionPath, type ResourceKind } from './resource-kinds.ts';

/** What is kept of a resource of ours to write its status. */
export interface StoredResource {
  readonly kind: ResourceKind;
  readonly apiVersion: string;
  readonly name: string;
  /** Undefined for a resource of the cluster. */
  readonly namespace?: string;
  readonly uid: string;
  readonly generation: number;
  readonly status: JsonObject;
}

/** Mirrors the status of all resources of a kind. Needs list and watch of it. */
export class StatusWatch {
  readonly #reflector: Reflector<StoredResource, Map<string, StoredResource>>;

  constructor(client: KubeClient, kind: ResourceKind, options: CacheOptions) {
    this.#reflector = new Reflector<StoredResource, Map<string, StoredResource>>({
      ...options,
      client,
      path: collectionPath(kind),
      metadataOnly: false,
      compressed: true,
      transform: (object) => storedResource(kind, object),
      createStore: () => new Map(),
    });
  }

  start(): this {
    this.#reflector.start();
    return this;
  }

  /** Empty before the first list is complete. */
  all(): ReadonlyMap<string, StoredResource> {
    return this.#reflector.store() ?? new Map();
  }

  status(): ReflectorStatus {
    return this.#reflector.status();
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }
}

export function storedResource(kind: ResourceKind, object: JsonObject): StoredResource {
  const metadata = objectIn(object, 'metadata');
  const { generation } = metadata;
  const namespace = textIn(metadata, 'namespace');
  return {
    kind,
    apiVersion: PROFILE_API_VERSION,
    name: textIn(metadata, 'name'),
    ...(namespace !== '' && { namespace }),
    uid: textIn(metadata, 'uid'),
    generation: typeof generation === 'number' ? generation : 0,
    status: objectIn(object, 'status'),
  };
}
