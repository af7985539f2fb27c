import { dispatch } from '../../lib/dispatch.ts';
import { isWithin, normalPath, type TakenPath } from '../../kubernetes/mount-path.ts';
import type { Volume, VolumeMount } from '../../kubernetes/pod.ts';
import type { JsonObject } from '../../lib/json.ts';
import { type ConditionContext, isMet } from '../../profiles/condition.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import type { Profile } from '../../profiles/profile.ts';
import { render, renderIfGiven, type Template } from '../../profiles/template.ts';
import type { Result } from '../../lib/result.ts';
import type { Reason } from '../../reasons/reason.ts';
import type { TargetContainer } from '../container-selection.ts';
import { planConfigFiles } from './config-files.ts';
import type { InitContainers, Wanted } from './init-container.ts';
import type { FileSource, Volumes } from './volumes.ts';

/** What an agent adds to the pod and to one container so that its files are there. */
export interface Files {
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
  /** An init container that is not in the pod yet. */
  readonly initContainer: Wanted | undefined;
  /** Text for annotations of the pod, by key. */
  readonly annotations: ReadonlyMap<string, string>;
  /** The names of the new volumes that live on the node's disk. One that is there already is its author's, or named already. */
  readonly local: readonly string[];
}

/** What files are planned from. */
export interface FileRequest {
  readonly profile: Profile;
  readonly delivery: Delivery;
  readonly target: TargetContainer;
  readonly values: ReadonlyMap<string, string>;
  readonly circumstances: ConditionContext;
  readonly taken: readonly TakenPath[];
  /** The pod's annotations as they would be so far. */
  readonly annotations: ReadonlyMap<string, string>;
}

const NO_FILES: Files = { volumes: [], mounts: [], initContainer: undefined, annotations: new Map(), local: [] };

/** The mounts that are missing, and the volumes and the init container for them if the pod has none with the same files. */
export function planFiles(request: FileRequest, volumes: Volumes, inits: InitContainers): Result<Files, Reason> {
  const { delivery } = request;
  const delivered =
    delivery.type === 'baked' ? { ok: true as const, value: NO_FILES } : deliver(request, delivery, volumes, inits);
  if (!delivered.ok) return delivered;
  const written = withWritable(request, volumes, delivered.value);
  return written.ok ? { ok: true, value: withConfigFiles(request, volumes, written.value) } : written;
}

function deliver(
  request: FileRequest,
  delivery: WithFiles,
  volumes: Volumes,
  inits: InitContainers,
): Result<Files, Reason> {
  const origin = originOf(request, delivery, volumes, inits);
  const mounts = mountsFrom(request, origin);
  if (!mounts.ok) return mounts;
  const isUsed = mounts.value.length > 0;
  return {
    ok: true,
    value: {
      ...NO_FILES,
      volumes: origin.created && isUsed ? [origin.created] : [],
      mounts: mounts.value,
      initContainer: isUsed ? origin.initContainer : undefined,
      local: delivery.type === 'initContainer' && isUsed && origin.created ? [origin.name] : [],
    },
  };
}

function withConfigFiles(
  { profile, circumstances, taken, annotations }: FileRequest,
  volumes: Volumes,
  files: Files,
): Files {
  const configs = planConfigFiles(profile, circumstances, { annotations, volumes, others: files.volumes, taken });
  if (configs.length === 0) return files;
  return {
    ...files,
    volumes: [...files.volumes, ...configs.flatMap(({ volume }) => volume ?? [])],
    mounts: [...files.mounts, ...configs.map(({ mount }) => mount)],
    annotations: new Map(configs.map(({ annotation, content }) => [annotation, content])),
  };
}

/** A delivery that brings files. */
type WithFiles = Exclude<Delivery, { type: 'baked' }>;

/** The volume that the files are in: one that is there, or a new one. */
interface Origin {
  readonly name: string;
  /** All volumes that hold just these files. */
  readonly same: ReadonlySet<string>;
  readonly created: Volume | undefined;
  readonly initContainer: Wanted | undefined;
}

function originOf(
  { profile, values, taken, target }: FileRequest,
  delivery: WithFiles,
  volumes: Volumes,
  inits: InitContainers,
): Origin {
  const from = sourceOf(delivery, values);
  if (delivery.type === 'initContainer' || delivery.type === 'ephemeral') {
    const present = inits.find(delivery.copy, values, target);
    if (present !== undefined)
      return { name: present, same: new Set([present]), created: undefined, initContainer: undefined };
    const name = volumes.freeName(profile.name);
    const wanted: Wanted = { profile: profile.name, copy: delivery.copy, volume: name, values };
    return { name, same: new Set(), created: { name, ...from.volume }, initContainer: wanted };
  }
  const devices = new Set(taken.filter(({ isFiles }) => !isFiles).map(({ volume }) => volume));
  const same = new Set([...volumes.withSource(from)].filter((name) => !devices.has(name)));
  const [present] = same;
  if (present !== undefined) return { name: present, same, created: undefined, initContainer: undefined };
  const name = volumes.freeName(profile.name);
  return { name, same, created: { name, ...from.volume }, initContainer: undefined };
}

function mountsFrom(
  { profile, delivery, values, taken }: FileRequest,
  origin: Origin,
): Result<readonly VolumeMount[], Reason> {
  const mounts: VolumeMount[] = [];
  const parts = profile.mounts.map((mount) => {
    const texts = [delivery.subPath, mount.subPath].flatMap((template) => renderIfGiven(template, values));
    return { mount, subPath: normalPath(texts.join('/')).slice(1) };
  });
  const isOurs = (one: TakenPath): boolean =>
    origin.same.has(one.volume) &&
    parts.some(({ mount, subPath }) => one.path === mount.path && one.subPath === subPath);
  for (const { mount, subPath } of parts) {
    const other = taken.find((one) => isWithin(one.path, mount.path) && !isOurs(one) && !isAwaited(profile, one));
    if (other) return { ok: false, error: { code: 'mount-path-taken', path: other.path, volume: other.volume } };
    if (taken.some((one) => one.path === mount.path)) continue;
    mounts.push({
      name: origin.name,
      mountPath: mount.path,
      ...(subPath !== '' && { subPath }),
      ...((mount.readOnly || delivery.readOnly) && { readOnly: true }),
    });
  }
  return { ok: true, value: mounts };
}

/** Somebody may have mounted a directory of his own where the agent writes, or a file that it reads: that is what the place is for. */
function isAwaited({ writable, files }: Profile, { path, isFiles }: TakenPath): boolean {
  return isFiles && (writable.some((one) => one.path === path) || files.some((one) => one.path === path));
}

/**
 * One emptyDir for each directory that the agent writes into, and in it a directory for each container: two agents that write to one log file
 * spoil it. The kubelet makes the subPath, with the mode of the emptyDir (pkg/volume/util/subpath).
 */
function withWritable(
  { profile, target, circumstances, taken }: FileRequest,
  volumes: Volumes,
  files: Files,
): Result<Files, Reason> {
  const created = [...files.volumes];
  const mounts = [...files.mounts];
  const local = [...files.local];
  for (const { path, volume: wanted, sizeLimit, when } of profile.writable) {
    if (!isMet(when, circumstances) || taken.some((one) => one.path === path)) continue;
    const other = taken.find((one) => isWithin(one.path, path));
    if (other) return { ok: false, error: { code: 'mount-path-taken', path: other.path, volume: other.volume } };
    const volume = { emptyDir: { sizeLimit } };
    const isThere = volumes.withSource({ type: 'emptyDir', volume }).has(wanted);
    const name = isThere ? wanted : volumes.freeName(wanted, created);
    mounts.push({ name, mountPath: path, subPath: target.container.name });
    if (isThere) continue;
    created.push({ name, ...volume });
    local.push(name);
  }
  return { ok: true, value: { ...files, volumes: created, mounts, local } };
}

type Volumed<Type extends WithFiles['type']> = (
  delivery: Extract<WithFiles, { type: Type }>,
  text: (template: Template) => string,
) => FileSource;

/** A volume of each kind. What the API server would fill in is written, so that ours is known again after it did. */
const sources: { readonly [type in WithFiles['type']]: Volumed<type> } = {
  persistentVolumeClaim: ({ claimName }, text) => source('persistentVolumeClaim', { claimName: text(claimName) }),
  image: ({ image, pullPolicy }, text) => source('image', { reference: text(image), pullPolicy }),
  initContainer: ({ sizeLimit, medium }) => source('emptyDir', { sizeLimit, ...(medium !== '' && { medium }) }),
  ephemeral: ({ storageClassName, size }, text) => {
    const storage = storageClassName && { storageClassName: text(storageClassName) };
    const spec = { accessModes: ['ReadWriteOnce'], ...storage, resources: { requests: { storage: size } } };
    return source('ephemeral', { volumeClaimTemplate: { spec } });
  },
  hostPath: ({ path, hostPathType }, text) => source('hostPath', { path: text(path), type: hostPathType }),
  csi: ({ driver, readOnly, fsType, attributes }, text) => {
    const values = [...attributes].map(([key, template]) => [key, text(template)] as const);
    return source('csi', {
      driver,
      readOnly,
      ...(fsType !== undefined && { fsType }),
      ...(values.length > 0 && { volumeAttributes: Object.fromEntries(values) }),
    });
  },
};

function source(type: string, volume: JsonObject): FileSource {
  return { type, volume: { [type]: volume } };
}

/** Where a delivery's files come from. */
function sourceOf(delivery: WithFiles, values: ReadonlyMap<string, string>): FileSource {
  return dispatch(sources, 'type', delivery, (template: Template) => render(template, values));
}
