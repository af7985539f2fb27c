import type { JsonObject } from './json.ts';
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
  /** From a type of source to the volumes of that type, by their source. Made when asked for: most pods have no volume of our type. */
  private readonly byType = new Map<string, Map<string, Set<string>>>();

  /**
   * `mounted` are the mounts of all containers: a name that one of them asks for is taken, even if no volume has it. Such a pod cannot be
   * created; giving it ours under that name would hand the mount files that were never meant for it.
   */
  constructor(present: readonly Volume[], mounted: readonly VolumeMount[]) {
    this.all = [...present];
    this.names = new Set([...present, ...mounted].map(({ name }) => name));
  }

  /** The names of the volumes that have just this source, whoever wrote them: mounting one claim twice under two names helps nobody. */
  withSource(type: string, source: JsonObject): ReadonlySet<string> {
    let bySource = this.byType.get(type);
    if (!bySource) {
      bySource = new Map();
      for (const volume of this.all) remember(bySource, type, volume);
      this.byType.set(type, bySource);
    }
    return bySource.get(canonical(source)) ?? NONE;
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
    for (const [type, bySource] of this.byType) remember(bySource, type, volume);
  }
}

function remember(bySource: Map<string, Set<string>>, type: string, volume: Volume): void {
  if (volume[type] === undefined) return;
  const { name, ...source } = volume;
  const text = canonical(source);
  const names = bySource.get(text);
  if (names) names.add(name);
  else bySource.set(text, new Set([name]));
}

const NONE: ReadonlySet<string> = new Set();

/** The mounts that are missing, and the volume for them if the pod has none with the same files. */
export function planFiles(
  profile: Profile,
  source: FileSource | undefined,
  volumes: Volumes,
  mounted: readonly VolumeMount[],
): Choice<Files> {
  if (!source) return { ok: true, value: { volumes: [], mounts: [] } };
  const sameFiles = volumes.withSource(source.type, source.volume);
  const [present] = sameFiles;
  const name = present ?? volumes.freeName(profile.name);
  const mounts: VolumeMount[] = [];
  for (const { path, readOnly } of profile.mounts) {
    const taken = mounted.find((mount) => samePath(mount.mountPath, path));
    if (!taken) {
      mounts.push({ name, mountPath: path, ...(readOnly ? { readOnly } : {}) });
    } else if (taken['subPath'] !== undefined || !sameFiles.has(taken.name)) {
      return { ok: false, reason: { code: 'mount-path-taken', path, volume: taken.name } };
    }
  }
  const isNew = present === undefined && mounts.length > 0;
  return { ok: true, value: { volumes: isNew ? [{ name, ...source.volume }] : [], mounts } };
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

/** JSON with sorted keys, and without the defaults that the API server writes (`readOnly: false`). */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([key, entry]) => !(key === 'readOnly' && entry === false))
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  );
}

function samePath(a: string, b: string): boolean {
  return withoutTrailingSlashes(a) === withoutTrailingSlashes(b);
}

/** By hand: a regular expression for it takes a path of a million slashes quadratic time. */
function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  return path.slice(0, end);
}
