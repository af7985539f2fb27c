import { isObject, type Json, type JsonObject } from './json.ts';
import { STATUS_ANNOTATION } from './keys.ts';
import { annotationsOf, type Container, type EnvVar, type Pod, type VolumeMount } from './pod.ts';

/**
 * Holds the promises of docs/adr/0002 on the pod that a patch made, before the patch is sent: an API server refuses a pod whose patch is
 * wrong, whatever the failurePolicy. Returns the promise that is broken, or undefined. It knows nothing of plans and profiles, so that an
 * error in those cannot hide here. `after` must share with `before` what is unchanged, as `applyOperations` leaves it.
 */
export function brokenRule(before: Pod, after: Pod): string | undefined {
  return first([
    () => survives(before, after, ['metadata', 'spec']),
    () => survives(before.metadata ?? {}, after.metadata ?? {}, ['annotations']),
    () => survives(annotationsOf(before), annotationsOf(after), [STATUS_ANNOTATION]),
    () => survives(before.spec, after.spec, ['volumes', 'containers', 'initContainers']),
    () => brokenVolumes(before, after),
    () => brokenContainers(before.spec.containers, after.spec.containers, after),
    () => brokenContainers(before.spec.initContainers ?? [], after.spec.initContainers ?? [], after),
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

/** The list starts with all that was in it, in its order. */
function extendsList(before: readonly unknown[], after: readonly unknown[], what: string): string | undefined {
  return before.every((element, index) => after[index] === element) ? undefined : `${what} of the author was changed`;
}

function brokenVolumes(before: Pod, after: Pod): string | undefined {
  const had = before.spec.volumes ?? [];
  const has = after.spec.volumes ?? [];
  return (
    extendsList(had, has, 'a volume') ??
    addedTwice(
      had.length,
      has.map(({ name }) => name),
      'volume',
    )
  );
}

function brokenContainers(before: readonly Container[], after: readonly Container[], pod: Pod): string | undefined {
  if (before.length !== after.length) return 'a container was added or removed';
  const volumes = new Set((pod.spec.volumes ?? []).map(({ name }) => name));
  for (const [index, had] of before.entries()) {
    const has = after[index];
    const broken = has ? brokenContainer(had, has, volumes) : 'a container was removed';
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function brokenContainer(before: Container, after: Container, volumes: ReadonlySet<string>): string | undefined {
  const [hadEnv, hasEnv] = [before.env ?? [], after.env ?? []];
  const [hadMounts, hasMounts] = [before.volumeMounts ?? [], after.volumeMounts ?? []];
  return first([
    () => survives(before, after, ['env', 'volumeMounts']),
    () => extendsList(hadEnv, hasEnv, 'a variable'),
    () => extendsList(hadMounts, hasMounts, 'a mount'),
    () =>
      addedTwice(
        hadEnv.length,
        hasEnv.map(({ name }) => name),
        'variable',
      ),
    () =>
      addedTwice(
        hadMounts.length,
        hasMounts.map(({ mountPath }) => mountPath),
        'mount path',
      ),
    () => dangling(hasMounts.slice(hadMounts.length), volumes),
    () => onDevice(hasMounts.slice(hadMounts.length), before['volumeDevices']),
    () => unresolved(hadEnv.length, hasEnv),
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

/** `$$` and `$(NAME)`, as the kubelet reads a value. */
const EXPANSION = /\$\$|\$\(([^)]*)\)/g;

/** Every `$(NAME)` in a variable that was added refers to one that stands before it: else the literal text would reach the app. */
function unresolved(had: number, environment: readonly EnvVar[]): string | undefined {
  for (let index = had; index < environment.length; index++) {
    for (const match of (environment[index]?.value ?? '').matchAll(EXPANSION)) {
      const name = match[1];
      if (name !== undefined && !environment.slice(0, index).some((entry) => entry.name === name)) {
        return `$(${name}) refers to nothing that stands before it`;
      }
    }
  }
  return undefined;
}
