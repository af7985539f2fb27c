import { isWithin, normalPath, type TakenPath } from '../../kubernetes/mount-path.ts';
import type { Volume, VolumeMount } from '../../kubernetes/pod.ts';
import type { Result } from '../../lib/result.ts';
import { type ConditionContext, isMet } from '../../profiles/condition.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import type { Profile } from '../../profiles/profile.ts';
import { renderIfGiven } from '../../profiles/template.ts';
import type { Reason } from '../../reasons/reason.ts';
import type { TargetContainer } from '../container-selection.ts';
import { planConfigFiles } from './config-files.ts';
import type { InitContainerRequest, InitContainers } from './init-container.ts';
import { type FileDelivery, sourceOf, type Volumes } from './volumes.ts';

/** Additions to the pod and to one container that bring an agent's files. */
export interface PlannedFiles {
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
  /** Undefined if the pod has the init container already, or needs none. */
  readonly initContainer: InitContainerRequest | undefined;
  /** Contents of files, by annotation key. */
  readonly annotations: ReadonlyMap<string, string>;
  /** Names of the new volumes on the node's disk. */
  readonly nodeLocal: readonly string[];
}

/** An agent, and the container that its files are for. */
export interface FileRequest {
  readonly profile: Profile;
  readonly delivery: Delivery;
  readonly target: TargetContainer;
  readonly conditions: ConditionContext;
  readonly takenPaths: readonly TakenPath[];
  /** Annotations of the pod, including the new ones. */
  readonly annotations: ReadonlyMap<string, string>;
}

const NO_FILES: PlannedFiles = {
  volumes: [],
  mounts: [],
  initContainer: undefined,
  annotations: new Map(),
  nodeLocal: [],
};

/** Plans the missing mounts, and the volumes and the init container for them unless the pod has some with the same files. */
export function planFiles(
  request: FileRequest,
  volumes: Volumes,
  initContainers: InitContainers,
): Result<PlannedFiles, Reason> {
  const { delivery } = request;
  const delivered =
    delivery.type === 'baked'
      ? { ok: true as const, value: NO_FILES }
      : planDelivery(request, delivery, volumes, initContainers);
  if (!delivered.ok) return delivered;
  const writable = withWritablePaths(request, volumes, delivered.value);
  return writable.ok ? { ok: true, value: withConfigFiles(request, volumes, writable.value) } : writable;
}

function planDelivery(
  request: FileRequest,
  delivery: FileDelivery,
  volumes: Volumes,
  initContainers: InitContainers,
): Result<PlannedFiles, Reason> {
  const volume = agentVolume(request, delivery, volumes, initContainers);
  const mounts = missingMounts(request, volume);
  if (!mounts.ok) return mounts;
  if (mounts.value.length === 0) return { ok: true, value: NO_FILES };
  const { name, created, initContainer } = volume;
  const nodeLocal = delivery.type === 'initContainer' && created ? [name] : [];
  return {
    ok: true,
    value: { ...NO_FILES, volumes: created ? [created] : [], mounts: mounts.value, initContainer, nodeLocal },
  };
}

/** The volume with the agent's files: an existing one, or a new one. */
interface AgentVolume {
  readonly name: string;
  /** Names of all existing volumes with the same files. */
  readonly existing: ReadonlySet<string>;
  readonly created?: Volume;
  readonly initContainer?: InitContainerRequest;
}

function agentVolume(
  { profile, conditions: { values }, takenPaths, target }: FileRequest,
  delivery: FileDelivery,
  volumes: Volumes,
  initContainers: InitContainers,
): AgentVolume {
  const source = sourceOf(delivery, values);
  if (delivery.type === 'initContainer' || delivery.type === 'ephemeral') {
    const filled = initContainers.filledVolume(delivery.copy, values, target);
    if (filled !== undefined) return { name: filled, existing: new Set([filled]) };
    const name = volumes.freeName(profile.name);
    const initContainer = { profile: profile.name, copy: delivery.copy, volume: name, values };
    return { name, existing: new Set(), created: { name, ...source.volume }, initContainer };
  }
  const devices = new Set(takenPaths.filter(({ isFiles }) => !isFiles).map(({ volume }) => volume));
  const existing = new Set([...volumes.withSource(source)].filter((name) => !devices.has(name)));
  const [first] = existing;
  if (first !== undefined) return { name: first, existing };
  const name = volumes.freeName(profile.name);
  return { name, existing, created: { name, ...source.volume } };
}

function missingMounts(
  { profile, delivery, conditions: { values }, takenPaths }: FileRequest,
  { name, existing }: AgentVolume,
): Result<readonly VolumeMount[], Reason> {
  const mounts: VolumeMount[] = [];
  const parts = profile.mounts.map((mount) => {
    const texts = [delivery.subPath, mount.subPath].flatMap((template) => renderIfGiven(template, values));
    return { mount, subPath: normalPath(texts.join('/')).slice(1) };
  });
  const hasFiles = ({ volume, path, subPath }: TakenPath): boolean =>
    existing.has(volume) && parts.some((part) => path === part.mount.path && subPath === part.subPath);
  for (const { mount, subPath } of parts) {
    const other = takenPaths.find(
      (taken) => isWithin(taken.path, mount.path) && !hasFiles(taken) && !isExpected(profile, taken),
    );
    if (other) return pathTaken(other);
    if (takenPaths.some(({ path }) => path === mount.path)) continue;
    mounts.push({
      name,
      mountPath: mount.path,
      ...(subPath !== '' && { subPath }),
      ...((mount.readOnly || delivery.readOnly) && { readOnly: true }),
    });
  }
  return { ok: true, value: mounts };
}

function pathTaken({ path, volume }: TakenPath): { readonly ok: false; readonly error: Reason } {
  return { ok: false, error: { code: 'mount-path-taken', path, volume } };
}

/** A mount of the user's own at a writable path, or at the path of a configuration file, is not a conflict. */
function isExpected({ writable, files }: Profile, { path, isFiles }: TakenPath): boolean {
  return isFiles && (writable.some((one) => one.path === path) || files.some((one) => one.path === path));
}

/**
 * Adds one emptyDir for each directory that the agent writes into, with a subdirectory for each container: two agents that write to one log
 * file would corrupt it. The kubelet creates the subPath with the mode of the emptyDir (pkg/volume/util/subpath).
 */
function withWritablePaths(
  { profile, target, conditions, takenPaths }: FileRequest,
  volumes: Volumes,
  files: PlannedFiles,
): Result<PlannedFiles, Reason> {
  const created = [...files.volumes];
  const mounts = [...files.mounts];
  const nodeLocal = [...files.nodeLocal];
  for (const { path, volume: preferred, sizeLimit, when } of profile.writable) {
    if (!isMet(when, conditions) || takenPaths.some((taken) => taken.path === path)) continue;
    const other = takenPaths.find((taken) => isWithin(taken.path, path));
    if (other) return pathTaken(other);
    const volume = { emptyDir: { sizeLimit } };
    const exists = volumes.withSource({ type: 'emptyDir', volume }).has(preferred);
    const name = exists ? preferred : volumes.freeName(preferred, created);
    mounts.push({ name, mountPath: path, subPath: target.container.name });
    if (exists) continue;
    created.push({ name, ...volume });
    nodeLocal.push(name);
  }
  return { ok: true, value: { ...files, volumes: created, mounts, nodeLocal } };
}

function withConfigFiles(request: FileRequest, volumes: Volumes, files: PlannedFiles): PlannedFiles {
  const { profile, conditions, takenPaths, annotations } = request;
  const configs = planConfigFiles(profile, conditions, { annotations, volumes, pending: files.volumes, takenPaths });
  if (configs.length === 0) return files;
  return {
    ...files,
    volumes: [...files.volumes, ...configs.flatMap(({ volume }) => volume ?? [])],
    mounts: [...files.mounts, ...configs.map(({ mount }) => mount)],
    annotations: new Map(configs.map(({ annotation, content }) => [annotation, content])),
  };
}
