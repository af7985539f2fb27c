import type { Claim, VolumeFacts } from '../../kubernetes/cluster-state.ts';
import { isObject, type Json, type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import { IndexedStore } from '../watch/store.ts';
import { keyOf } from '../watch/watch-event.ts';
import type { Cache, CacheOptions } from './cache.ts';
import type { ClaimSpec } from './volumes.ts';

interface StoredClaim {
  readonly claim: Claim;
  /** Name of the volume, empty without one. */
  readonly volume: string;
  /** Only of a claim that has no volume. */
  readonly pending?: { readonly since: number; readonly storageClass: string | undefined };
}

/** What the volume of a claim is known to be, and the time that the API server writes into objects, in ms. */
export interface VolumeLookup {
  readonly of: (claim: ClaimSpec) => VolumeFacts;
  readonly now: () => number;
}

/** With the time by the clock of the API server. */
export function volumeLookup(of: VolumeLookup['of'], { serverClock }: Pick<KubeClient, 'serverClock'>): VolumeLookup {
  return { of, now: () => (serverClock?.now() ?? new Date()).getTime() };
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
  readonly #volumes: VolumeLookup | undefined;

  /** Without `volumes`, a volume is known by its claim only. */
  constructor(client: KubeClient, options: CacheOptions, volumes?: VolumeLookup) {
    this.#volumes = volumes;
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
    const key = `${namespace}/${name}`;
    const stored = this.#claims.get(key);
    // While the watch is interrupted, the claim may have just been created.
    if (!stored) return this.#claims.isWatching() ? 'absent' : undefined;
    return withVolume(key, withNode(stored, this.#attachments.fresh()), stored, this.#volumes);
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
export function claimsFrom(
  claims: readonly Json[],
  attachments: readonly Json[],
  volumes: VolumeLookup,
): (name: string) => Claim | 'absent' {
  const attached = byVolume();
  for (const [index, one] of attachments.entries()) if (isObject(one)) attached.set(String(index), toAttachment(one));
  const stored = new Map(
    claims
      .filter(isObject)
      .map((one) => [textIn(objectIn(one, 'metadata'), 'name'), { key: keyOf(one), ...toClaim(one) }]),
  );
  return (name) => {
    const found = stored.get(name);
    return found ? withVolume(found.key, withNode(found, attached), found, volumes) : 'absent';
  };
}

function byVolume(): IndexedStore<Attachment> {
  return new IndexedStore(({ volume }) => volume);
}

/** Adds the node if exactly one has the volume attached: a volume that several nodes have can be attached to another. */
function withNode({ claim, volume }: StoredClaim, attachments: IndexedStore<Attachment> | undefined): Claim {
  const [first, ...others] = claim.oneNode === true && volume !== '' ? (attachments?.byIndex(volume) ?? []) : [];
  return first && others.length === 0 ? { ...claim, heldBy: first.node } : claim;
}

/** A volume is made or bound within seconds. Before that, a pod that comes with its claim waits for it. */
const BINDING_MS = 60_000;

function withVolume(key: string, claim: Claim, stored: StoredClaim, volumes: VolumeLookup | undefined): Claim {
  if (!volumes) return claim;
  const { volume, pending } = stored;
  const storageClass = pending?.storageClass;
  const { terms, unbound } = volumes.of({ claim: key, volume, storageClass, pending: pending !== undefined });
  const problem = unbound === 'soon' ? lateness(stored, volumes.now()) : unbound;
  if (!terms && !problem) return claim;
  return { ...claim, ...(terms && { terms }), ...(problem && { unbound: problem }) };
}

function lateness({ pending }: StoredClaim, now: number): 'late' | undefined {
  return now - (pending?.since ?? now) > BINDING_MS ? 'late' : undefined;
}

/** Most claims are like this, and share one object. */
const PLAIN: Claim = { deleting: false, heldBy: undefined };

const ONE_NODE: Claim = { ...PLAIN, oneNode: true };

/** A volume with one of these modes may be attached to several nodes (k8s.io/kubernetes pkg/volume/util/util.go IsMultiAttachAllowed). */
const SHARED_MODES = new Set<Json | undefined>(['ReadWriteMany', 'ReadOnlyMany']);

function toClaim(object: JsonObject): StoredClaim {
  const [spec, status] = [objectIn(object, 'spec'), objectIn(object, 'status')];
  const volumeModes = accessModes(status);
  const modes = volumeModes.length > 0 ? volumeModes : accessModes(spec);
  const traits = {
    ...(modes.includes('ReadWriteOncePod') && { onePod: true }),
    ...(status['phase'] === 'Lost' && { lost: true }),
    ...(spec['volumeMode'] === 'Block' && { block: true }),
  };
  const deleting = isDeleting(object);
  const common = isShared(modes) ? PLAIN : ONE_NODE;
  const claim = deleting || Object.keys(traits).length > 0 ? { ...common, deleting, ...traits } : common;
  const stored = { claim, volume: textIn(spec, 'volumeName') };
  return status['phase'] === 'Pending' ? { ...stored, pending: pendingOf(object, spec) } : stored;
}

function pendingOf(object: JsonObject, { storageClassName }: JsonObject): Required<StoredClaim>['pending'] {
  const since = Date.parse(textIn(objectIn(object, 'metadata'), 'creationTimestamp'));
  return { since, storageClass: typeof storageClassName === 'string' ? storageClassName : undefined };
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
