import { closedParent, isWithin, normalPath, type TakenPath } from '../../kubernetes/mount-path.ts';
import type { Volume, VolumeMount } from '../../kubernetes/pod.ts';
import type { Result } from '../../lib/result.ts';
import { type ConditionContext, isMet } from '../../profiles/condition.ts';
import type { Delivery } from '../../profiles/delivery.ts';
import type { Profile } from '../../profiles/profile.ts';
import { renderIfGiven } from '../../profiles/template.ts';
import type { Reason } from '../../reasons/reason.ts';
import type { ContainerDraft } from '../draft.ts';
import type { InitContainerRequest } from './init-container.ts';
import { type FileDelivery, sourceOf } from './volumes.ts';

/** An agent, and the container that its files are for. */
export interface FileRequest {
  readonly profile: Profile;
  readonly delivery: Delivery;
  readonly draft: ContainerDraft;
  readonly conditions: ConditionContext;
  readonly takenPaths: readonly TakenPath[];
}

/** Additions to the pod and to the container that bring the files. */
export interface PlannedFiles {
  readonly volumes: Volume[];
  readonly mounts: VolumeMount[];
  initContainer: InitContainerRequest | undefined;
  readonly annotations: Map<string, string>;
  readonly nodeLocalVolumes: string[];
}

/** Plans the missing mounts, and the volumes and the init container for them unless the pod has some with the same files. */
export function planFiles(request: FileRequest): Result<PlannedFiles, Reason> {
  const files: PlannedFiles = {
    volumes: [],
    mounts: [],
    initContainer: undefined,
    annotations: new Map(),
    nodeLocalVolumes: [],
  };
  const { delivery } = request;
  const conflict =
    (delivery.kind === 'preinstalled' ? undefined : addAgentFiles(request, delivery, files)) ??
    addWritablePaths(request, files);
  return conflict ? { ok: false, error: conflict } : { ok: true, value: files };
}

function addAgentFiles(request: FileRequest, delivery: FileDelivery, files: PlannedFiles): Reason | undefined {
  const volume = agentVolume(request, delivery);
  const conflict = addMounts(request, volume, files);
  if (conflict || files.mounts.length === 0) return conflict;
  const { name, created, initContainer } = volume;
  files.initContainer = initContainer;
  if (created) files.volumes.push(created);
  if (created && delivery.kind === 'initContainer') files.nodeLocalVolumes.push(name);
  return undefined;
}

interface AgentVolume {
  readonly name: string;
  readonly existing: ReadonlySet<string>;
  readonly created?: Volume;
  readonly initContainer?: InitContainerRequest;
}

function agentVolume(
  { profile, draft: { podDraft, target }, conditions: { values }, takenPaths }: FileRequest,
  delivery: FileDelivery,
): AgentVolume {
  const { volumes, initContainers } = podDraft;
  const source = sourceOf(delivery, values);
  if (delivery.kind === 'initContainer' || delivery.kind === 'ephemeral') {
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

/** A mount of the profile, and the part of the volume that it needs. */
interface MountPart {
  readonly mount: Profile['mounts'][number];
  readonly subPath: string;
}

function partsOf({ profile, delivery, conditions: { values } }: FileRequest): readonly MountPart[] {
  return profile.mounts.map((mount) => {
    const texts = [delivery.subPath, mount.subPath].flatMap((template) => renderIfGiven(template, values));
    return { mount, subPath: normalPath(texts.join('/')).slice(1) };
  });
}

function isPart({ mount, subPath }: MountPart, taken: TakenPath): boolean {
  return taken.path === mount.path && taken.subPath === subPath;
}

/** True if every mount of the profile is there, from a volume with the files of this delivery, and nothing else is mounted over or into it. */
export function isMounted(request: FileRequest, delivery: FileDelivery): boolean {
  const { existing } = agentVolume(request, delivery);
  const parts = partsOf(request);
  return (
    parts.length > 0 &&
    parts.every((part) => request.takenPaths.some((taken) => existing.has(taken.volume) && isPart(part, taken))) &&
    parts.every(({ mount }) =>
      request.takenPaths.every(
        (taken) =>
          !isWithin(taken.path, mount.path) ||
          (existing.has(taken.volume) && parts.some((part) => isPart(part, taken))) ||
          isExpected(request.profile, taken),
      ),
    )
  );
}

function addMounts(
  request: FileRequest,
  { name, existing }: AgentVolume,
  { mounts }: PlannedFiles,
): Reason | undefined {
  const { profile, delivery, takenPaths } = request;
  const parts = partsOf(request);
  const hasFiles = (taken: TakenPath): boolean =>
    existing.has(taken.volume) && parts.some((part) => isPart(part, taken));
  for (const { mount, subPath } of parts) {
    const other = takenPaths.find(
      (taken) => isWithin(taken.path, mount.path) && !hasFiles(taken) && !isExpected(profile, taken),
    );
    if (other) return { code: 'mount-path-taken', path: other.path, volume: other.volume };
    if (takenPaths.some(({ path }) => path === mount.path)) continue;
    const parent = closedParent(mount.path, takenPaths);
    if (parent) return { code: 'mount-path-taken', path: parent.path, volume: parent.volume };
    mounts.push({
      name,
      mountPath: mount.path,
      ...(subPath !== '' && { subPath }),
      ...((mount.readOnly || delivery.readOnly) && { readOnly: true }),
    });
  }
  return undefined;
}

/** A mount of the user's own at a writable path, at the path of a configuration file or of an object, is not a conflict. */
function isExpected({ writablePaths, files, objects }: Profile, { path, isFiles }: TakenPath): boolean {
  return isFiles && [...writablePaths, ...files, ...objects].some((one) => one.path === path);
}

/**
 * Adds one emptyDir for each directory that the agent writes into, with a subdirectory for each container: two agents that write to one log
 * file would corrupt it. The kubelet creates the subPath with the mode of the emptyDir (pkg/volume/util/subpath).
 */
function addWritablePaths(
  { profile, draft: { podDraft, target }, conditions, takenPaths }: FileRequest,
  files: PlannedFiles,
): Reason | undefined {
  for (const { path, volume: preferred, sizeLimit, when } of profile.writablePaths) {
    if (!isMet(when, conditions) || takenPaths.some((taken) => taken.path === path)) continue;
    const other = takenPaths.find((taken) => isWithin(taken.path, path)) ?? closedParent(path, takenPaths);
    if (other) return { code: 'mount-path-taken', path: other.path, volume: other.volume };
    const volume = { emptyDir: { sizeLimit } };
    const exists = podDraft.volumes.withSource({ type: 'emptyDir', volume }).has(preferred);
    const name = exists ? preferred : podDraft.volumes.freeName(preferred, files.volumes);
    files.mounts.push({ name, mountPath: path, subPath: target.container.name });
    if (exists) continue;
    files.volumes.push({ name, ...volume });
    files.nodeLocalVolumes.push(name);
  }
  return undefined;
}
