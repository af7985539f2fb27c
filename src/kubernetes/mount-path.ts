import { isObject, type Json } from '../lib/json.ts';
import type { VolumeMount } from './pod.ts';

/** A path in a container that something of its author is at. */
export interface TakenPath {
  readonly path: string;
  readonly volume: string;
  /** A volume's files, and not a block device. */
  readonly isFiles: boolean;
  /** The part of the volume that is there: empty for all of it, undefined where it cannot be known. */
  readonly subPath: string | undefined;
}

/** What sits at which path of a container: mounts, and block devices, which the API server wants apart (core validation.go). */
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

/** At the path or below it: what is mounted below hides a part of the files. */
export function isWithin(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}

/** The one spelling of a path, as the runtime resolves it: `/netagent/.`, `//netagent/` and `netagent` are one place. */
export function normalPath(path: string): string {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return `/${steps.join('/')}`;
}
