import type { Volume, VolumeMount } from '../../kubernetes/pod.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { MAX_NAME_LENGTH } from '../../kubernetes/volume-name.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';

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
  /** From a name to the first number that was free behind it: names only grow. */
  private readonly counts = new Map<string, number>();
  /** From a source that was asked for to the volumes that have it. */
  private readonly bySource = new Map<string, { readonly source: FileSource; readonly names: Set<string> }>();

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
    const known = this.bySource.get(key);
    if (known) return known.names;
    const names = new Set(this.all.filter((volume) => isMadeFrom(volume, source)).map(({ name }) => name));
    this.bySource.set(key, { source, names });
    return names;
  }

  /** The name of the first volume that is as asked for. */
  find(isWanted: (volume: Volume) => boolean): string | undefined {
    return this.all.find(isWanted)?.name;
  }

  /** A name for a new volume, as near to the wanted one as is free: of the pod's, and of others that are about to be added. */
  freeName(wanted: string, others: readonly Volume[] = []): string {
    let count = this.counts.get(wanted) ?? 1;
    const name = (): string => (count < 2 ? wanted : `${wanted.slice(0, MAX_NAME_LENGTH - 6)}-${count}`);
    while (this.names.has(name())) count++;
    this.counts.set(wanted, count);
    while (this.names.has(name()) || others.some((one) => one.name === name())) count++;
    return name();
  }

  add(volume: Volume): void {
    this.all.push(volume);
    this.added.push(volume);
    this.names.add(volume.name);
    for (const { source, names } of this.bySource.values()) if (isMadeFrom(volume, source)) names.add(volume.name);
  }
}

/** Whether the volume has just this source. Its author's default (`readOnly: false`) does not count, and no part of it is walked that ours has not. */
function isMadeFrom(volume: Volume, { type, volume: ours }: FileSource): boolean {
  return volume[type] !== undefined && Object.keys(volume).length === 2 && equals(volume[type], ours[type]);
}

function equals(theirs: Json | undefined, ours: Json | undefined, field = ''): boolean {
  // The API server writes quantities its own way: 1024Mi comes back as 1Gi.
  if (field === 'sizeLimit') return parseQuantity(theirs) === parseQuantity(ours);
  if (!isObject(theirs) || !isObject(ours)) return theirs === ours;
  const keys = Object.keys(theirs).filter(
    (key) => !(key === 'readOnly' && theirs[key] === false && ours[key] === undefined),
  );
  return keys.length === Object.keys(ours).length && keys.every((key) => equals(theirs[key], ours[key], key));
}
