import type { Claim } from '../../kubernetes/cluster-state.ts';
import { isObject, type Json, type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { NamespaceIndex } from '../watch/namespace-index.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { Cache, CacheOptions } from './cache.ts';

/** What is kept of a claim. Most are alike, and share one object. */
interface KeptClaim {
  readonly claim: Claim;
  /** The volume that it is bound to, where it matters which node has that; else empty. */
  readonly volume: string;
}

/** A volume on a node. */
interface Attachment {
  readonly volume: string | undefined;
  readonly node: string;
}

/**
 * The claims of all namespaces, and the nodes that their volumes are attached to, by list and watch. Needs list and watch of
 * persistentvolumeclaims and of volumeattachments; without the latter nothing is said of nodes.
 */
export class Claims implements Cache {
  private readonly claims: Reflector<KeptClaim>;
  private readonly attachments: Reflector<Attachment, NamespaceIndex<Attachment>>;

  constructor(cluster: KubeClient, options: CacheOptions) {
    const common = { ...options, cluster, metadataOnly: false };
    this.claims = new Reflector<KeptClaim>({ ...common, path: '/api/v1/persistentvolumeclaims', keep: keepClaim });
    this.attachments = new Reflector({
      ...common,
      path: '/apis/storage.k8s.io/v1/volumeattachments',
      keep: keepAttachment,
      place: () => new NamespaceIndex(({ volume }) => volume),
    });
  }

  /** Begins to list and watch; `stop` ends it. */
  start(): this {
    this.claims.start();
    this.attachments.start();
    return this;
  }

  /** The claim; `absent` where it is certain that there is none, undefined where nothing is certain. No I/O. */
  get(namespace: string, name: string): Claim | 'absent' | undefined {
    if (!this.claims.isFresh()) return undefined;
    const kept = this.claims.get(`${namespace}/${name}`);
    // While it is not heard at once what is new, a claim may have been made just now.
    if (!kept) return this.claims.isWatching ? 'absent' : undefined;
    return withHolder(kept, this.attachments.fresh());
  }

  /** Facts for readiness and metrics, by the name of the resource. */
  status(): Readonly<Record<string, ReflectorStatus>> {
    return { persistentvolumeclaims: this.claims.status(), volumeattachments: this.attachments.status() };
  }

  /** Resolves when all has been listed, or could not be for the first time. */
  async whenTried(): Promise<void> {
    await Promise.all([this.claims.whenTried(), this.attachments.whenTried()]);
  }

  /** Resolves when no request is left. */
  async stop(): Promise<void> {
    await Promise.all([this.claims.stop(), this.attachments.stop()]);
  }
}

/** The claims of one namespace from a list of them, and from a list of all VolumeAttachments, if that may be read. */
export function claimsFrom(claims: readonly Json[], attachments: readonly Json[]): (name: string) => Claim | 'absent' {
  const held = new NamespaceIndex<Attachment>(({ volume }) => volume);
  for (const [index, one] of attachments.entries()) if (isObject(one)) held.set(String(index), keepAttachment(one));
  const known = new Map(
    claims.filter(isObject).map((one) => [textIn(objectIn(one, 'metadata'), 'name'), keepClaim(one)]),
  );
  return (name) => {
    const kept = known.get(name);
    return kept ? withHolder(kept, held) : 'absent';
  };
}

/** The claim, with the one node that has its volume. What several have can be had by another; where nodes are not known, nothing is said of them. */
function withHolder({ claim, volume }: KeptClaim, attachments: NamespaceIndex<Attachment> | undefined): Claim {
  const [first, ...others] = volume === '' ? [] : (attachments?.group(volume) ?? []);
  return first && others.length === 0 ? { ...claim, heldBy: first.node } : claim;
}

const PLAIN: KeptClaim = { claim: { deleting: false, heldBy: undefined }, volume: '' };

/** A volume with one of these modes may be attached to several nodes (k8s.io/kubernetes pkg/volume/util/util.go IsMultiAttachAllowed). */
const SHARED_MODES = new Set<Json | undefined>(['ReadWriteMany', 'ReadOnlyMany']);

function keepClaim({ metadata, spec, status }: JsonObject): KeptClaim {
  const wanted = isObject(spec) ? spec : {};
  const state = isObject(status) ? status : {};
  const ofVolume = modesOf(state);
  const modes = ofVolume.length > 0 ? ofVolume : modesOf(wanted);
  const volume = isShared(modes) ? '' : textIn(wanted, 'volumeName');
  const marks = marksOf(modes, wanted, state);
  const deleting = isObject(metadata) && metadata['deletionTimestamp'] !== undefined;
  if (deleting || Object.keys(marks).length > 0) return { claim: { deleting, heldBy: undefined, ...marks }, volume };
  return volume === '' ? PLAIN : { claim: PLAIN.claim, volume };
}

function marksOf(
  modes: readonly Json[],
  wanted: JsonObject,
  state: JsonObject,
): Pick<Claim, 'onePod' | 'lost' | 'block'> {
  return {
    ...(modes.includes('ReadWriteOncePod') && { onePod: true }),
    ...(state['phase'] === 'Lost' && { lost: true }),
    ...(wanted['volumeMode'] === 'Block' && { block: true }),
  };
}

function isShared(modes: readonly Json[]): boolean {
  return modes.length === 0 || modes.some((mode) => SHARED_MODES.has(mode));
}

function modesOf({ accessModes }: JsonObject): readonly Json[] {
  return Array.isArray(accessModes) ? accessModes : [];
}

/** It holds nothing, or not for long: it is being attached, or detached. */
const NOT_HELD: Attachment = { volume: undefined, node: '' };

function keepAttachment({ metadata, spec, status }: JsonObject): Attachment {
  if (!isObject(spec) || !isObject(status) || status['attached'] !== true) return NOT_HELD;
  if (isObject(metadata) && metadata['deletionTimestamp'] !== undefined) return NOT_HELD;
  const { nodeName: node, source } = spec;
  const volume = isObject(source) ? source['persistentVolumeName'] : undefined;
  return typeof node === 'string' && typeof volume === 'string' ? { volume, node } : NOT_HELD;
}
