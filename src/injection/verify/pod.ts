import { FILE_ANNOTATION, INJECTED_LABEL, STATUS_ANNOTATION } from '../../api/keys.ts';
import { isDnsLabel } from '../../kubernetes/names.ts';
import { annotationsOf, type Container, labelsOf, type Pod, type VolumeMount } from '../../kubernetes/pod.ts';
import { evictable, EVICTION_ANNOTATION } from '../../kubernetes/safe-to-evict.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Change } from '../../profiles/environment.ts';
import type { EnvFromLookup } from '../env/env-from.ts';
import type { ImageLookup } from '../image/value.ts';
import { brokenEnvironment } from './env.ts';
import { brokenInitContainers } from './init-containers.ts';
import { brokenResources } from './resources.ts';

export interface Permitted {
  readonly changes: ReadonlyMap<string, Change>;
  readonly envFrom: (container: Container) => EnvFromLookup;
  readonly imageValue: (container: Container) => ImageLookup;
  /** A profile or the cluster says that init containers need no seccomp profile. */
  readonly omitsSeccomp: boolean;
}

/**
 * Verifies a patched pod against the rules of docs/adr/0002 before the patch is sent: an API server rejects a pod whose patch is wrong,
 * whatever the failurePolicy. Returns the broken rule, or undefined. The verification does not use plans, so that it detects errors in them.
 * Unchanged parts must be the same objects in both pods, as `applyPatch` leaves them.
 */
export function brokenRule(before: Pod, after: Pod, permitted: Permitted): string | undefined {
  const volumes = new Set((after.spec.volumes ?? []).map(({ name }) => name));
  const verify = (one: Container, other: Container): string | undefined =>
    brokenContainer(one, other, volumes, permitted);
  return firstBroken([
    () => changedField(before, after, ['metadata', 'spec']),
    () => changedField(before.metadata ?? {}, after.metadata ?? {}, ['annotations', 'labels']),
    () => brokenAnnotations(before, after),
    () => brokenLabels(before, after),
    () => changedField(before.spec, after.spec, ['volumes', 'containers', 'initContainers', 'imagePullSecrets']),
    () =>
      changedElement(listOf(before.spec['imagePullSecrets']), listOf(after.spec['imagePullSecrets']), 'pull secret'),
    () => brokenList(before.spec.volumes ?? [], after.spec.volumes ?? [], 'volume', ({ name }) => name),
    () => brokenContainers(before.spec.containers, after.spec.containers, verify),
    () => brokenInitContainers(before, after, permitted.omitsSeccomp, verify),
    () => brokenResources(before, after),
  ]);
}

function firstBroken(rules: readonly (() => string | undefined)[]): string | undefined {
  for (const rule of rules) {
    const broken = rule();
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function changedField(before: JsonObject, after: JsonObject, except: readonly string[]): string | undefined {
  for (const key in before) {
    if (!except.includes(key) && before[key] !== after[key]) return `${key} was changed`;
  }
  for (const key in after) {
    if (!except.includes(key) && !Object.hasOwn(before, key)) return `${key} was added`;
  }
  return undefined;
}

function changedElement(before: readonly unknown[], after: readonly unknown[], kind: string): string | undefined {
  return before.every((element, index) => after[index] === element)
    ? undefined
    : `an existing ${kind} was changed, moved or removed`;
}

/** Elements may be added at the end, without new duplicates. */
function brokenList<Element>(
  before: readonly Element[],
  after: readonly Element[],
  kind: string,
  nameOf: (element: Element) => string,
): string | undefined {
  const changed = changedElement(before, after, kind);
  if (changed !== undefined || before.length === after.length) return changed;
  const used = new Set(before.map(nameOf));
  for (const name of after.slice(before.length).map(nameOf)) {
    if (used.has(name)) return `duplicate ${kind} ${name}`;
    used.add(name);
  }
  return undefined;
}

/** Permits the status, new files, and new names in the list of the cluster autoscaler. */
function brokenAnnotations(before: Pod, after: Pod): string | undefined {
  const [existing, patched] = [annotationsOf(before), annotationsOf(after)];
  const names = evictable(patched[EVICTION_ANNOTATION]);
  if (!evictable(existing[EVICTION_ANNOTATION]).every((name) => name === '' || names.includes(name))) {
    return `a name was removed from ${EVICTION_ANNOTATION}`;
  }
  const files = Object.keys(patched).filter((key) => key.startsWith(FILE_ANNOTATION) && !Object.hasOwn(existing, key));
  return changedField(existing, patched, [STATUS_ANNOTATION, EVICTION_ANNOTATION, ...files]);
}

/** Permits the label of injected pods, with a value that the API server accepts. */
function brokenLabels(before: Pod, after: Pod): string | undefined {
  const [existing, patched] = [labelsOf(before), labelsOf(after)];
  const value = patched[INJECTED_LABEL];
  if (value !== existing[INJECTED_LABEL] && (value === undefined || !isDnsLabel(value)))
    return `label ${INJECTED_LABEL} has a value that the API server refuses`;
  return changedField(existing, patched, [INJECTED_LABEL]);
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function brokenContainers(
  before: readonly Container[],
  after: readonly Container[],
  verify: (before: Container, after: Container) => string | undefined,
): string | undefined {
  if (before.length !== after.length) return 'a container was added or removed';
  for (const [index, container] of before.entries()) {
    const patched = after[index];
    const broken = patched && verify(container, patched);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function brokenContainer(
  before: Container,
  after: Container,
  volumes: ReadonlySet<string>,
  { changes, envFrom, imageValue }: Permitted,
): string | undefined {
  if (before === after) return undefined;
  const [existing, mounts] = [before.volumeMounts ?? [], after.volumeMounts ?? []];
  const added = mounts.slice(existing.length);
  return firstBroken([
    () => changedField(before, after, ['env', 'volumeMounts']),
    () =>
      brokenEnvironment(before.env ?? [], after.env ?? [], {
        changes,
        envFrom: envFrom(before),
        imageValue: imageValue(before),
      }),
    () => brokenList(existing, mounts, 'mount', ({ mountPath }) => mountPath),
    () => missingVolume(added, volumes),
    () => deviceConflict(added, before['volumeDevices']),
  ]);
}

/** A container has a volume, and a path, either as a mount or as a block device (k8s.io/kubernetes core validation.go). */
function deviceConflict(mounts: readonly VolumeMount[], devices: Json | undefined): string | undefined {
  if (!Array.isArray(devices) || mounts.length === 0) return undefined;
  const used = new Set(
    devices.flatMap((device: Json) => (isObject(device) ? [device['name'], device['devicePath']] : [])),
  );
  const mount = mounts.find(({ name, mountPath }) => used.has(name) || used.has(mountPath));
  return mount && `the mount at ${mount.mountPath} conflicts with a block device`;
}

function missingVolume(mounts: readonly VolumeMount[], volumes: ReadonlySet<string>): string | undefined {
  const mount = mounts.find(({ name }) => !volumes.has(name));
  return mount && `the mount at ${mount.mountPath} refers to volume ${mount.name}, which does not exist`;
}
