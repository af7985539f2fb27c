import { FILE_ANNOTATION, STATUS_ANNOTATION } from '../../api/keys.ts';
import { annotationsOf, type Container, type Pod, type VolumeMount } from '../../kubernetes/pod.ts';
import { evictable, EVICTION_ANNOTATION } from '../../kubernetes/safe-to-evict.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Change } from '../../profiles/environment.ts';
import type { EnvFromPresence } from '../env/env-from.ts';
import { brokenEnvironment } from './env.ts';
import { brokenInitContainers } from './init-containers.ts';
import { brokenCosts } from './resources.ts';

/** What a patch may do beyond adding: by the profiles of the plan, and by what is known of a container's `envFrom`. */
export interface Permitted {
  readonly changes: ReadonlyMap<string, Change>;
  readonly provided: (container: Container) => (name: string) => EnvFromPresence;
}

/**
 * Holds the promises of docs/adr/0002 on the pod that a patch made, before the patch is sent: an API server refuses a pod whose patch is
 * wrong, whatever the failurePolicy. Returns the promise that is broken, or undefined. It knows nothing of plans, so that an error in those
 * cannot hide here. `after` must share with `before` what is unchanged, as `applyOperations` leaves it.
 */
export function brokenRule(before: Pod, after: Pod, permitted: Permitted): string | undefined {
  const volumes = new Set((after.spec.volumes ?? []).map(({ name }) => name));
  const keeps = (had: Container, has: Container): string | undefined => brokenContainer(had, has, volumes, permitted);
  return first([
    () => survives(before, after, ['metadata', 'spec']),
    () => survives(before.metadata ?? {}, after.metadata ?? {}, ['annotations']),
    () => brokenAnnotations(before, after),
    () => survives(before.spec, after.spec, ['volumes', 'containers', 'initContainers', 'imagePullSecrets']),
    () => extendsList(listOf(before.spec['imagePullSecrets']), listOf(after.spec['imagePullSecrets']), 'a pull secret'),
    () => brokenVolumes(before, after),
    () => brokenContainers(before.spec.containers, after.spec.containers, keeps),
    () => brokenInitContainers(before, after, keeps),
    () => brokenCosts(before, after),
  ]);
}

function first(rules: readonly (() => string | undefined)[]): string | undefined {
  for (const rule of rules) {
    const broken = rule();
    if (broken !== undefined) return broken;
  }
  return undefined;
}

/** The same keys with the same values, but for those named. */
function survives(before: JsonObject, after: JsonObject, except: readonly string[]): string | undefined {
  for (const key in before) {
    if (!except.includes(key) && before[key] !== after[key]) return `${key} was changed`;
  }
  for (const key in after) {
    if (!except.includes(key) && !Object.hasOwn(before, key)) return `${key} was added`;
  }
  return undefined;
}

/** The record and new files are ours; of the autoscaler's list, all names of the author stay. */
function brokenAnnotations(before: Pod, after: Pod): string | undefined {
  const [had, has] = [annotationsOf(before), annotationsOf(after)];
  const names = evictable(has[EVICTION_ANNOTATION]);
  if (!evictable(had[EVICTION_ANNOTATION]).every((name) => name === '' || names.includes(name))) {
    return `${EVICTION_ANNOTATION} lost a name`;
  }
  const files = Object.keys(has).filter((name) => name.startsWith(FILE_ANNOTATION) && !Object.hasOwn(had, name));
  return survives(had, has, [STATUS_ANNOTATION, EVICTION_ANNOTATION, ...files]);
}

/** The list starts with all that was in it, in its order. */
function extendsList(before: readonly unknown[], after: readonly unknown[], what: string): string | undefined {
  return before.every((element, index) => after[index] === element) ? undefined : `${what} of the author was changed`;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function brokenVolumes(before: Pod, after: Pod): string | undefined {
  const had = before.spec.volumes ?? [];
  const has = after.spec.volumes ?? [];
  const names = has.map(({ name }) => name);
  return extendsList(had, has, 'a volume') ?? addedTwice(had.length, names, 'volume');
}

function brokenContainers(
  before: readonly Container[],
  after: readonly Container[],
  keeps: (had: Container, has: Container) => string | undefined,
): string | undefined {
  if (before.length !== after.length) return 'a container was added or removed';
  for (const [index, had] of before.entries()) {
    const has = after[index];
    const broken = has ? keeps(had, has) : 'a container was removed';
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function brokenContainer(
  before: Container,
  after: Container,
  volumes: ReadonlySet<string>,
  { changes, provided }: Permitted,
): string | undefined {
  if (before === after) return undefined;
  const [hadMounts, hasMounts] = [before.volumeMounts ?? [], after.volumeMounts ?? []];
  const newMounts = hasMounts.slice(hadMounts.length);
  const paths = hasMounts.map(({ mountPath }) => mountPath);
  return first([
    () => survives(before, after, ['env', 'volumeMounts']),
    () => brokenEnvironment(before.env ?? [], after.env ?? [], { changes, provided: provided(before) }),
    () => extendsList(hadMounts, hasMounts, 'a mount'),
    () => addedTwice(hadMounts.length, paths, 'mount path'),
    () => dangling(newMounts, volumes),
    () => onDevice(newMounts, before['volumeDevices']),
  ]);
}

/** A volume or a path is either a block device of a container or a mount, never both (k8s.io/kubernetes core validation.go). */
function onDevice(mounts: readonly VolumeMount[], devices: Json | undefined): string | undefined {
  if (!Array.isArray(devices) || mounts.length === 0) return undefined;
  const taken = new Set(
    devices.flatMap((device: Json) => (isObject(device) ? [device['name'], device['devicePath']] : [])),
  );
  const mount = mounts.find(({ name, mountPath }) => taken.has(name) || taken.has(mountPath));
  return mount && `a mount at ${mount.mountPath} is where a block device is`;
}

function dangling(mounts: readonly VolumeMount[], volumes: ReadonlySet<string>): string | undefined {
  const mount = mounts.find(({ name }) => !volumes.has(name));
  return mount && `a mount names volume ${mount.name}, which does not exist`;
}

/** None of the names behind the first `had` stands anywhere before it. Duplicates of the author's own are the author's. */
function addedTwice(had: number, names: readonly string[], what: string): string | undefined {
  if (names.length === had) return undefined;
  const seen = new Set(names.slice(0, had));
  for (const name of names.slice(had)) {
    if (seen.has(name)) return `${what} ${name} stands twice`;
    seen.add(name);
  }
  return undefined;
}
