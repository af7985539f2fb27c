import { isObject, type Json, type JsonObject } from './json.ts';
import type { Volume, VolumeMount } from './pod.ts';

/** Where files come from: a volume without its name, and the one key of it that says what it is. */
export interface FileSource {
  readonly type: string;
  readonly volume: JsonObject;
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

  /** The name of the first volume that is as asked for. */
  find(isWanted: (volume: Volume) => boolean): string | undefined {
    return this.all.find(isWanted)?.name;
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
  const keys = Object.keys(theirs).filter(
    (key) => !(key === 'readOnly' && theirs[key] === false && ours[key] === undefined),
  );
  return keys.length === Object.keys(ours).length && keys.every((key) => equals(theirs[key], ours[key]));
}
