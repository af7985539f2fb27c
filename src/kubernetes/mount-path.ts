import { isObject, type Json } from '../lib/json.ts';
import type { VolumeMount } from './pod.ts';

export interface TakenPath {
  readonly path: string;
  readonly volume: string;
  /** False for a block device. */
  readonly isFiles: boolean;
  /** The mounted part of the volume: empty for the whole volume, undefined if it depends on a variable. */
  readonly subPath: string | undefined;
}

/** The paths of mounts and block devices in a container, which must all differ (core validation.go). */
export function takenPaths(mounts: readonly VolumeMount[], devices: Json | undefined): readonly TakenPath[] {
  return [
    ...mounts.map((mount) => ({
      path: normalPath(mount.mountPath),
      volume: mount.name,
      isFiles: true,
      subPath: subPathOf(mount),
    })),
    ...(Array.isArray(devices) ? devices : []).flatMap((device: Json): TakenPath[] => {
      if (!isObject(device)) return [];
      const { devicePath, name } = device;
      if (typeof devicePath !== 'string' || typeof name !== 'string') return [];
      return [{ path: normalPath(devicePath), volume: name, isFiles: false, subPath: '' }];
    }),
  ];
}

function subPathOf(mount: VolumeMount): string | undefined {
  const { subPath, subPathExpr } = mount;
  if (subPathExpr !== undefined && subPathExpr !== null && subPathExpr !== '') return undefined;
  if (subPath === undefined || subPath === null) return '';
  return typeof subPath === 'string' ? normalPath(subPath).slice(1) : undefined;
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
