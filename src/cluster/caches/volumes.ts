import type { VolumeFacts } from '../../kubernetes/cluster-state.ts';
import { type NodeTerm, termsOfClass, termsOfVolume } from '../../kubernetes/nodes/terms.ts';
import { isObject, type Json, type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import { SharingStore, type Store } from '../watch/store.ts';
import { keyOf } from '../watch/watch-event.ts';
import type { Cache, CacheOptions } from './cache.ts';

interface StoredVolume {
  /** Absent if every node can reach the volume. */
  readonly terms?: readonly NodeTerm[];
  /** Set if a claim can still be bound to it. */
  readonly free?: { readonly storageClass: string; readonly reservedFor?: string };
}

interface StoredClass {
  readonly name: string;
  readonly isDefault: boolean;
  /** Volumes of the class are made when a claim needs one. */
  readonly provisions: boolean;
  readonly waitsForPod: boolean;
  readonly terms?: readonly NodeTerm[];
}

type StoredClasses = ReadonlyMap<string, StoredClass>;

/** What a claim says about its volume. */
export interface ClaimSpec {
  /** `namespace/name`. */
  readonly claim: string;
  readonly volume: string;
  /** Undefined if the claim leaves the class to the cluster, which is not the same as an empty one. */
  readonly storageClass: string | undefined;
  readonly pending: boolean;
}

/** A claim that is made for a pod. */
export const NEW_CLAIM = { claim: '', volume: '', pending: true } as const;

/** PersistentVolumes and StorageClasses, as far as they are known. */
interface KnownVolumes {
  readonly volumes: SharingStore<StoredVolume> | undefined;
  readonly classes: StoredClasses | undefined;
}

/** Mirrors the PersistentVolumes and StorageClasses of the cluster. Needs list and watch of both. */
export class Volumes implements Cache {
  readonly #volumes: Reflector<StoredVolume, SharingStore<StoredVolume>>;
  readonly #classes: Reflector<StoredClass, Map<string, StoredClass>>;

  constructor(client: KubeClient, options: CacheOptions) {
    const common = { ...options, client, metadataOnly: false };
    this.#volumes = new Reflector({
      ...common,
      path: '/api/v1/persistentvolumes',
      transform: toVolume,
      createStore: () => new SharingStore<StoredVolume>(),
    });
    this.#classes = new Reflector({
      ...common,
      path: '/apis/storage.k8s.io/v1/storageclasses',
      transform: toClass,
      createStore: () => new Map<string, StoredClass>(),
    });
  }

  start(): this {
    this.#volumes.start();
    this.#classes.start();
    return this;
  }

  /** What is known of the volume of a claim. No I/O. */
  of(claim: ClaimSpec): VolumeFacts {
    return volumeOf(claim, this.#known());
  }

  status(): Readonly<Record<string, ReflectorStatus>> {
    return { persistentvolumes: this.#volumes.status(), storageclasses: this.#classes.status() };
  }

  async whenTried(): Promise<void> {
    await Promise.all([this.#volumes.whenTried(), this.#classes.whenTried()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#volumes.stop(), this.#classes.stop()]);
  }

  /** While a watch is interrupted, what it has not reported may exist. */
  #known(): KnownVolumes {
    return { volumes: complete(this.#volumes), classes: complete(this.#classes) };
  }
}

function complete<T, S extends Store<T>>(watched: Reflector<T, S>): S | undefined {
  return watched.isWatching() ? watched.fresh() : undefined;
}

/** Looks up in lists; a list that could not be read is undefined. */
export function volumesFrom(
  volumes: readonly Json[] | undefined,
  classes: readonly Json[] | undefined,
): (claim: ClaimSpec) => VolumeFacts {
  const known = {
    volumes: volumes && filled(new SharingStore<StoredVolume>(), volumes, toVolume),
    classes: classes && filled(new Map<string, StoredClass>(), classes, toClass),
  };
  return (claim) => volumeOf(claim, known);
}

function filled<T, S extends Store<T>>(store: S, list: readonly Json[], transform: (object: JsonObject) => T): S {
  for (const one of list) if (isObject(one)) store.set(keyOf(one), transform(one));
  return store;
}

/** As the controller of volumes does (k8s.io/kubernetes pkg/controller/volume/persistentvolume), as far as it is certain. */
function volumeOf(claim: ClaimSpec, { volumes, classes }: KnownVolumes): VolumeFacts {
  if (!volumes) return ANYWHERE;
  if (claim.volume !== '') return boundVolume(volumes.get(claim.volume), claim);
  return claim.pending && classes ? newVolume(claim, volumes, classes) : ANYWHERE;
}

/** A claim that is bound already may be known before its volume is. */
function boundVolume(volume: StoredVolume | undefined, { pending }: ClaimSpec): VolumeFacts {
  if (volume?.terms) return { terms: volume.terms };
  return !volume && pending ? { unbound: 'never' } : ANYWHERE;
}

function newVolume(claim: ClaimSpec, volumes: SharingStore<StoredVolume>, classes: StoredClasses): VolumeFacts {
  const name = claim.storageClass ?? defaultClass(classes);
  const { provisions = false, waitsForPod = false, terms } = classes.get(name) ?? {};
  const isFound = provisions || volumes.distinct().some((volume) => isFreeFor(volume, claim, name));
  if (!isFound) return { unbound: 'never' };
  return { ...(provisions && terms && { terms }), ...(!waitsForPod && { unbound: 'soon' }) };
}

function defaultClass(classes: StoredClasses): string {
  return [...classes.values()].find(({ isDefault }) => isDefault)?.name ?? '';
}

const ANYWHERE: VolumeFacts = {};

function isFreeFor({ free }: StoredVolume, { claim }: ClaimSpec, storageClass: string): boolean {
  return free?.storageClass === storageClass && (free.reservedFor === undefined || free.reservedFor === claim);
}

function toVolume(object: JsonObject): StoredVolume {
  const spec = objectIn(object, 'spec');
  const terms = termsOfVolume(spec);
  const { claimRef } = spec;
  // A claim that was bound to it has left its uid there.
  const isTaken = isObject(claimRef) && textIn(claimRef, 'uid') !== '';
  const reservedFor = isObject(claimRef) ? `${textIn(claimRef, 'namespace')}/${textIn(claimRef, 'name')}` : undefined;
  const storageClass = textIn(spec, 'storageClassName');
  return {
    ...(terms && { terms }),
    ...(!isTaken && { free: { storageClass, ...(reservedFor !== undefined && { reservedFor }) } }),
  };
}

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/** Stands for no provisioner: a class of volumes that someone creates. */
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

function toClass(object: JsonObject): StoredClass {
  const metadata = objectIn(object, 'metadata');
  const terms = termsOfClass(object);
  return {
    name: textIn(metadata, 'name'),
    isDefault: objectIn(metadata, 'annotations')[DEFAULT_CLASS] === 'true',
    provisions: object['provisioner'] !== NO_PROVISIONER,
    waitsForPod: object['volumeBindingMode'] === 'WaitForFirstConsumer',
    ...(terms && { terms }),
  };
}
