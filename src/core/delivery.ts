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

/** The mounts that are missing, and the volume for them if the pod has none with the same files. */
export function planFiles(
  profile: Profile,
  source: JsonObject | undefined,
  present: { readonly volumes: readonly Volume[]; readonly names: ReadonlySet<string> },
  mounted: readonly VolumeMount[],
): Choice<Files> {
  if (!source) return { ok: true, value: { volumes: [], mounts: [] } };
  const sameFiles = present.volumes.filter((volume) => holdsSource(volume, source));
  const volume = sameFiles[0] ?? { name: freeName(profile.name, present.names), ...source };
  const mounts: VolumeMount[] = [];
  for (const { path, readOnly } of profile.mounts) {
    const taken = mounted.find((mount) => samePath(mount.mountPath, path));
    if (!taken) {
      mounts.push({ name: volume.name, mountPath: path, ...(readOnly ? { readOnly } : {}) });
    } else if (taken['subPath'] !== undefined || !sameFiles.some(({ name }) => name === taken.name)) {
      return { ok: false, reason: { code: 'mount-path-taken', path, volume: taken.name } };
    }
  }
  const isNew = sameFiles.length === 0 && mounts.length > 0;
  return { ok: true, value: { volumes: isNew ? [volume] : [], mounts } };
}

/** The volume source of a delivery, as it stands beside `name` in a volume; undefined where the files are in the image. */
export function sourceOf(delivery: Delivery, parameters: Parameters): JsonObject | undefined {
  switch (delivery.type) {
    case 'persistentVolumeClaim':
      return { persistentVolumeClaim: { claimName: render(delivery.claimName, textsOf(parameters)) } };
    case 'baked':
      return undefined;
  }
}

/** Whether the volume has just this source. Author's volumes count: mounting one claim twice under two names helps nobody. */
function holdsSource(volume: Volume, source: JsonObject): boolean {
  for (const type in source) if (volume[type] === undefined) return false;
  const { name: _, ...own } = volume;
  return canonical(own) === canonical(source);
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

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}-${count}`;
  return name;
}
