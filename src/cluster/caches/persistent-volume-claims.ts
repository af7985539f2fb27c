import type { Claim } from '../../kubernetes/cluster-state.ts';
import { isObject, type Json, type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import { IndexedStore } from '../watch/store.ts';
import type { Cache, CacheOptions } from './cache.ts';

interface StoredClaim {
  readonly claim: Claim;
  /** Name of the bound volume if only one node can attach it, else empty. */
  readonly volume: string;
}

interface Attachment {
  readonly volume: string | undefined;
  readonly node: string;
}

/**
 * Mirrors the claims of all namespaces and the nodes that their volumes are attached to. Needs list and watch of persistentvolumeclaims and of
 * volumeattachments; without the latter the nodes are unknown.
 */
export class Claims implements Cache {
  readonly #claims: Reflector<StoredClaim>;
  readonly #attachments: Reflector<Attachment, IndexedStore<Attachment>>;

  constructor(client: KubeClient, options: CacheOptions) {
    const common = { ...options, client, metadataOnly: false };
    this.#claims = new Reflector({
      ...common,
      path: '/api/v1/persistentvolumeclaims',
      transform: toClaim,
      createStore: () => new Map<string, StoredClaim>(),
    });
    this.#attachments = new Reflector({
      ...common,
      path: '/apis/storage.k8s.io/v1/volumeattachments',
      transform: toAttachment,
      createStore: byVolume,
    });
  }

  start(): this {
    this.#claims.start();
    this.#attachments.start();
    return this;
  }

  /** Returns the claim; `absent` if it certainly does not exist, undefined while that is unknown. No I/O. */
  get(namespace: string, name: string): Claim | 'absent' | undefined {
    if (!this.#claims.isFresh()) return undefined;
    const stored = this.#claims.get(`${namespace}/${name}`);
    // While the watch is interrupted, the claim may have just been created.
    if (!stored) return this.#claims.isWatching() ? 'absent' : undefined;
    return withNode(stored, this.#attachments.fresh());
  }

  status(): Readonly<Record<string, ReflectorStatus>> {
    return { persistentvolumeclaims: this.#claims.status(), volumeattachments: this.#attachments.status() };
  }

  async whenTried(): Promise<void> {
    await Promise.all([this.#claims.whenTried(), this.#attachments.whenTried()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#claims.stop(), this.#attachments.stop()]);
  }
}

/** Looks up the claims of one namespace in a list of them, with a list of all VolumeAttachments (empty if they cannot be read). */
export function claimsFrom(claims: readonly Json[], attachments: readonly Json[]): (name: string) => Claim | 'absent' {
  const attached = byVolume();
  for (const [index, one] of attachments.entries()) if (isObject(one)) attached.set(String(index), toAttachment(one));
  const stored = new Map(
    claims.filter(isObject).map((one) => [textIn(objectIn(one, 'metadata'), 'name'), toClaim(one)]),
  );
  return (name) => {
    const claim = stored.get(name);
    return claim ? withNode(claim, attached) : 'absent';
  };
}

function byVolume(): IndexedStore<Attachment> {
  return new IndexedStore(({ volume }) => volume);
}

/** Adds the node if exactly one has the volume attached: a volume that several nodes have can be attached to another. */
function withNode({ claim, volume }: StoredClaim, attachments: IndexedStore<Attachment> | undefined): Claim {
  const [first, ...others] = volume === '' ? [] : (attachments?.byIndex(volume) ?? []);
  return first && others.length === 0 ? { ...claim, heldBy: first.node } : claim;
}

/** Most claims are like this, and share one object. */
const PLAIN: StoredClaim = { claim: { deleting: false, heldBy: undefined }, volume: '' };

/** A volume with one of these modes may be attached to several nodes (k8s.io/kubernetes pkg/volume/util/util.go IsMultiAttachAllowed). */
const SHARED_MODES = new Set<Json | undefined>(['ReadWriteMany', 'ReadOnlyMany']);

function toClaim(object: JsonObject): StoredClaim {
  const [spec, status] = [objectIn(object, 'spec'), objectIn(object, 'status')];
  const volumeModes = accessModes(status);
  const modes = volumeModes.length > 0 ? volumeModes : accessModes(spec);
  const volume = isShared(modes) ? '' : textIn(spec, 'volumeName');
  const traits = {
    ...(modes.includes('ReadWriteOncePod') && { onePod: true }),
    ...(status['phase'] === 'Lost' && { lost: true }),
    ...(spec['volumeMode'] === 'Block' && { block: true }),
  };
  const deleting = isDeleting(object);
  if (deleting || Object.keys(traits).length > 0) return { claim: { deleting, heldBy: undefined, ...traits }, volume };
  return volume === '' ? PLAIN : { claim: PLAIN.claim, volume };
}

function isShared(modes: readonly Json[]): boolean {
  return modes.length === 0 || modes.some((mode) => SHARED_MODES.has(mode));
}

function accessModes({ accessModes: modes }: JsonObject): readonly Json[] {
  return Array.isArray(modes) ? modes : [];
}

function isDeleting(object: JsonObject): boolean {
  return objectIn(object, 'metadata')['deletionTimestamp'] !== undefined;
}

const NOT_ATTACHED: Attachment = { volume: undefined, node: '' };

function toAttachment(object: JsonObject): Attachment {
  const spec = objectIn(object, 'spec');
  if (objectIn(object, 'status')['attached'] !== true || isDeleting(object)) return NOT_ATTACHED;
  const { nodeName: node } = spec;
  const volume = objectIn(spec, 'source')['persistentVolumeName'];
  return typeof node === 'string' && typeof volume === 'string' ? { volume, node } : NOT_ATTACHED;
}
