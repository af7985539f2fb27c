import { isObject, type Json, type JsonObject } from './json.ts';
import type { Volume, VolumeMount } from './pod.ts';
import type { Delivery, Profile } from './profile.ts';
import { lookUp, textsOf, type Choice, type Layers, type Parameters } from './settings.ts';
import { render } from './template.ts';

/** The delivery that the settings name; without one, the profile's first. */
export function chooseDelivery(layers: Layers, profile: Profile): Choice<Delivery> {
  const setting = lookUp(layers, 'delivery');
  if (!setting) return { ok: true, value: profile.deliveries[0] };
  const delivery = profile.deliveries.find(({ name }) => name === setting.text);
  if (delivery) return { ok: true, value: delivery };
  const known = profile.deliveries.map(({ name }) => name);
  return { ok: false, reason: { code: 'unknown-delivery', name: setting.text, source: setting.source, known } };
}

/** What a delivery adds to the pod and to one container so that the agent's files are there. */
export interface Files {
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
}

/** The pod's volumes as they would be so far, found by their source and by name. */
export class Volumes {
  readonly added: Volume[] = [];
  private readonly all: Volume[];
  private readonly names: Set<string>;
  /** From a source that was asked for to the volumes that have it. */
  private readonly bySource = new Map<string, Set<string>>();

  /**
   * `mounted` are the mounts of all containers: a name that one of them asks for is taken, even if no volume has it. Such a pod cannot be
   * created; giving it ours under that name would hand the mount files that were never meant for it.
   */
  constructor(present: readonly Volume[], mounted: readonly VolumeMount[]) {
    this.all = [...present];
    this.names = new Set([...present, ...mounted].map(({ name }) => name));
  }

  /** The names of the volumes that have just this source, whoever wrote them: mounting one claim twice under two names helps nobody. */
  withSource(source: FileSource): ReadonlySet<string> {
    const key = JSON.stringify(source);
    let names = this.bySource.get(key);
    if (!names) {
      names = new Set(this.all.filter((volume) => isMadeFrom(volume, source)).map(({ name }) => name));
      this.bySource.set(key, names);
    }
    return names;
  }

  /** A name for a new volume, as near to the wanted one as is free. */
  freeName(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.names.has(name); count++) name = `${wanted}-${count}`;
    return name;
  }

  add(volume: Volume): void {
    this.all.push(volume);
    this.added.push(volume);
    this.names.add(volume.name);
    this.bySource.clear();
  }
}

/** Whether the volume has just this source. Its author's default (`readOnly: false`) does not count, and no part of it is walked that ours has not. */
function isMadeFrom(volume: Volume, { type, volume: ours }: FileSource): boolean {
  return volume[type] !== undefined && Object.keys(volume).length === 2 && equals(volume[type], ours[type]);
}

function equals(theirs: Json | undefined, ours: Json | undefined): boolean {
  if (!isObject(theirs) || !isObject(ours)) return theirs === ours;
  const keys = Object.keys(theirs).filter((key) => !(key === 'readOnly' && theirs[key] === false));
  return keys.length === Object.keys(ours).length && keys.every((key) => equals(theirs[key], ours[key]));
}

/** The mounts that are missing, and the volume for them if the pod has none with the same files. */
export function planFiles(
  profile: Profile,
  source: FileSource | undefined,
  volumes: Volumes,
  taken: readonly TakenPath[],
): Choice<Files> {
  if (!source) return { ok: true, value: { volumes: [], mounts: [] } };
  const devices = new Set(taken.filter(({ isFiles }) => !isFiles).map(({ volume }) => volume));
  const sameFiles = new Set([...volumes.withSource(source)].filter((name) => !devices.has(name)));
  const [present] = sameFiles;
  const name = present ?? volumes.freeName(profile.name);
  const mounts: VolumeMount[] = [];
  for (const { path, readOnly } of profile.mounts) {
    const other = taken.find(
      (one) => isWithin(one.path, path) && !(one.path === path && one.isWhole && sameFiles.has(one.volume)),
    );
    if (other) return { ok: false, reason: { code: 'mount-path-taken', path: other.path, volume: other.volume } };
    const isThere = taken.some((one) => one.path === path);
    if (!isThere) mounts.push({ name, mountPath: path, ...(readOnly ? { readOnly } : {}) });
  }
  const isNew = present === undefined && mounts.length > 0;
  return { ok: true, value: { volumes: isNew ? [{ name, ...source.volume }] : [], mounts } };
}

/** A path in a container that something of its author is at. */
export interface TakenPath {
  readonly path: string;
  readonly volume: string;
  /** A volume's files, and not a block device. */
  readonly isFiles: boolean;
  /** All of the volume, and not a part of it. */
  readonly isWhole: boolean;
}

/** What sits at which path of a container: mounts, and block devices, which the API server wants apart (core validation.go). */
export function takenPaths(mounts: readonly VolumeMount[], devices: Json | undefined): readonly TakenPath[] {
  return [
    ...mounts.map((mount) => ({
      path: normalPath(mount.mountPath),
      volume: mount.name,
      isFiles: true,
      isWhole: !isSet(mount['subPath']) && !isSet(mount['subPathExpr']),
    })),
    ...(Array.isArray(devices) ? devices : []).flatMap((device: Json): TakenPath[] => {
      if (!isObject(device)) return [];
      const { devicePath, name } = device;
      if (typeof devicePath !== 'string' || typeof name !== 'string') return [];
      return [{ path: normalPath(devicePath), volume: name, isFiles: false, isWhole: true }];
    }),
  ];
}

function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** At the path or below it: what is mounted below hides a part of the files. */
function isWithin(path: string, parent: string): boolean {
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

/** Where a delivery's files come from: the volume without its name, and the one key of it that says what it is. */
export interface FileSource {
  readonly type: string;
  readonly volume: JsonObject;
}

/** The source of a delivery's files; undefined where they are in the image. */
export function sourceOf(delivery: Delivery, parameters: Parameters): FileSource | undefined {
  switch (delivery.type) {
    case 'persistentVolumeClaim': {
      const claimName = render(delivery.claimName, textsOf(parameters));
      return { type: delivery.type, volume: { [delivery.type]: { claimName } } };
    }
    case 'baked':
      return undefined;
  }
}
