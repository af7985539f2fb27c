import { isObject, type Json, objectIn } from '../lib/json.ts';
import type { Volume, VolumeMount } from './pod.ts';

export interface TakenPath {
  readonly path: string;
  readonly volume: string;
  /** False for a block device. */
  readonly isFiles: boolean;
  /** The mounted part of the volume: empty for the whole volume, undefined if it depends on a variable. */
  readonly subPath: string | undefined;
  /** True if the runtime cannot make a directory below the path, so that no other volume can be mounted there. */
  readonly isClosed: boolean;
}

/** The paths of mounts and block devices in a container, which must all differ (core validation.go). */
export function takenPaths(
  mounts: readonly VolumeMount[],
  devices: Json | undefined,
  volumeNamed: (name: string) => Volume | undefined,
): readonly TakenPath[] {
  return [
    ...mounts.map((mount) => ({
      path: normalPath(mount.mountPath),
      volume: mount.name,
      isFiles: true,
      subPath: subPathOf(mount),
      isClosed: isClosed(mount, volumeNamed(mount.name)),
    })),
    ...(Array.isArray(devices) ? devices : []).flatMap((device: Json): TakenPath[] => {
      if (!isObject(device)) return [];
      const { devicePath, name } = device;
      if (typeof devicePath !== 'string' || typeof name !== 'string') return [];
      return [{ path: normalPath(devicePath), volume: name, isFiles: false, subPath: '', isClosed: false }];
    }),
  ];
}

/** The kubelet makes the directories for mounts below these volumes itself (k8s.io/kubernetes pkg/volume/util/nested_volumes.go). */
const WITH_NESTED_MOUNTS = ['configMap', 'secret', 'downwardAPI', 'projected'] as const;

function isClosed(mount: VolumeMount, volume: Volume | undefined): boolean {
  if (volume && WITH_NESTED_MOUNTS.some((type) => isObject(volume[type]))) return false;
  return mount['readOnly'] === true || (volume !== undefined && isReadOnlyVolume(volume));
}

function isReadOnlyVolume(volume: Volume): boolean {
  return isObject(volume['image']) || Object.keys(volume).some((type) => objectIn(volume, type)['readOnly'] === true);
}

function subPathOf(mount: VolumeMount): string | undefined {
  const { subPath, subPathExpr } = mount;
  if (subPathExpr !== undefined && subPathExpr !== null && subPathExpr !== '') return undefined;
  if (subPath === undefined || subPath === null) return '';
  return typeof subPath === 'string' ? normalPath(subPath).slice(1) : undefined;
}

/** The read-only mount in which the mount point of this path would have to be made. A mount in between, nearer to the path, takes its place. */
export function closedParent(path: string, taken: readonly TakenPath[]): TakenPath | undefined {
  let parent: TakenPath | undefined;
  for (const one of taken) {
    const isAbove = one.path !== path && (one.path === '/' || isWithin(path, one.path));
    if (isAbove && one.path.length > (parent?.path.length ?? 0)) parent = one;
  }
  return parent?.isClosed === true ? parent : undefined;
}

/** True for the path itself or below it, since a mount below hides a part of the files. */
export function isWithin(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}

/** Normalizes a path as the runtime does: `/netagent/.`, `//netagent/` and `netagent` are the same path. */
export function normalPath(path: string): string {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return `/${steps.join('/')}`;
}
