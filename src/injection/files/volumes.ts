import type { Volume, VolumeMount } from '../../kubernetes/pod.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { dispatch } from '../../lib/dispatch.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import { render, type Template } from '../../profiles/template.ts';
import { UniqueNames } from './unique-names.ts';

/** A volume without its name. The type is the key of its only field. */
export interface VolumeSource {
  readonly type: string;
  readonly volume: JsonObject;
}

export type FileDelivery = Exclude<Delivery, { kind: 'preinstalled' }>;

export class Volumes {
  readonly added: Volume[] = [];
  readonly #all: Volume[];
  readonly #byName: Map<string, Volume>;
  readonly #names: UniqueNames;
  readonly #bySource = new Map<string, { readonly source: VolumeSource; readonly names: Set<string> }>();

  /**
   * A name in `mounts` (those of all containers) counts as used, even if no volume has it: such a pod cannot be created, but a new volume
   * of that name would give the mount files that were not meant for it.
   */
  constructor(volumes: readonly Volume[], mounts: readonly VolumeMount[]) {
    this.#all = [...volumes];
    this.#byName = new Map(volumes.map((volume) => [volume.name, volume]));
    this.#names = new UniqueNames([...volumes, ...mounts].map(({ name }) => name));
  }

  withSource(source: VolumeSource): ReadonlySet<string> {
    const key = JSON.stringify(source);
    const known = this.#bySource.get(key);
    if (known) return known.names;
    const names = new Set(this.#all.filter((volume) => hasSource(volume, source)).map(({ name }) => name));
    this.#bySource.set(key, { source, names });
    return names;
  }

  named(name: string): Volume | undefined {
    return this.#byName.get(name);
  }

  find(matches: (volume: Volume) => boolean): string | undefined {
    return this.#all.find(matches)?.name;
  }

  freeName(preferred: string, pending: readonly Volume[] = []): string {
    return this.#names.free(preferred, (name) => pending.some((volume) => volume.name === name));
  }

  add(volume: Volume): void {
    this.#all.push(volume);
    this.#byName.set(volume.name, volume);
    this.added.push(volume);
    this.#names.add(volume.name);
    for (const { source, names } of this.#bySource.values()) if (hasSource(volume, source)) names.add(volume.name);
  }
}

function hasSource(volume: Volume, { type, volume: expected }: VolumeSource): boolean {
  return volume[type] !== undefined && Object.keys(volume).length === 2 && equals(volume[type], expected[type]);
}

/** Ignores `readOnly: false`, which is the default. Descends only into objects that are expected: a pod can hold deep ones. */
function equals(found: Json | undefined, expected: Json | undefined, field = ''): boolean {
  // The API server normalizes quantities: 1024Mi comes back as 1Gi.
  if (field === 'sizeLimit') return parseQuantity(found) === parseQuantity(expected);
  if (!isObject(found) || !isObject(expected)) return found === expected;
  const keys = Object.keys(found).filter(
    (key) => !(key === 'readOnly' && found[key] === false && expected[key] === undefined),
  );
  return keys.length === Object.keys(expected).length && keys.every((key) => equals(found[key], expected[key], key));
}

/** Defaults of the API server are written, so that the volume is recognized after the API server has added them. */
const sources: {
  readonly [kind in FileDelivery['kind']]: (
    delivery: Extract<FileDelivery, { kind: kind }>,
    text: (template: Template) => string,
  ) => VolumeSource;
} = {
  persistentVolumeClaim: ({ claimName }, text) => volumeSource('persistentVolumeClaim', { claimName: text(claimName) }),
  image: ({ reference, pullPolicy }, text) => volumeSource('image', { reference: text(reference), pullPolicy }),
  initContainer: ({ sizeLimit, medium }) => volumeSource('emptyDir', { sizeLimit, ...(medium !== '' && { medium }) }),
  ephemeral: ({ storageClassName, size }, text) => {
    const storage = storageClassName && { storageClassName: text(storageClassName) };
    const spec = { accessModes: ['ReadWriteOnce'], ...storage, resources: { requests: { storage: size } } };
    return volumeSource('ephemeral', { volumeClaimTemplate: { spec } });
  },
  hostPath: ({ path, pathType }, text) => volumeSource('hostPath', { path: text(path), type: pathType }),
  csi: ({ driver, readOnly, fsType, attributes }, text) => {
    const values = [...attributes].map(([key, template]) => [key, text(template)] as const);
    return volumeSource('csi', {
      driver,
      readOnly,
      ...(fsType !== undefined && { fsType }),
      ...(values.length > 0 && { volumeAttributes: Object.fromEntries(values) }),
    });
  },
};

function volumeSource(type: string, volume: JsonObject): VolumeSource {
  return { type, volume: { [type]: volume } };
}

export function sourceOf(delivery: FileDelivery, values: ReadonlyMap<string, string>): VolumeSource {
  return dispatch(sources, 'kind', delivery, (template: Template) => render(template, values));
}
