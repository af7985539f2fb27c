import { closedParent, isWithin } from '../../kubernetes/mount-path.ts';
import type { Result } from '../../lib/result.ts';
import { isMet } from '../../profiles/condition.ts';
import type { MountedObject } from '../../profiles/profile.ts';
import { render } from '../../profiles/template.ts';
import type { Reason } from '../../reasons/reason.ts';
import type { FileRequest, PlannedFiles } from './mounts.ts';
import type { VolumeSource } from './volumes.ts';

/**
 * Mounts the profile's Secrets, ConfigMaps and directories of the node. They are optional, because a missing one would keep the pod from starting. A mount of the author's at the
 * path takes its place.
 */
export function addObjects(request: FileRequest, files: PlannedFiles): Result<PlannedFiles, Reason> {
  const { profile, conditions, takenPaths } = request;
  const { volumes } = request.draft.podDraft;
  for (const { path, volume: preferred, kind, name: template, when } of profile.objects) {
    if (!isMet(when, conditions) || takenPaths.some((taken) => taken.path === path)) continue;
    const other = takenPaths.find((taken) => isWithin(taken.path, path)) ?? closedParent(path, takenPaths);
    if (other) return { ok: false, error: { code: 'mount-path-taken', path: other.path, volume: other.volume } };
    const source = sourceOf(kind, render(template, conditions.values));
    const [existing] = volumes.withSource(source);
    const name = existing ?? volumes.freeName(preferred, files.volumes);
    files.mounts.push({ name, mountPath: path, readOnly: true });
    if (existing === undefined) files.volumes.push({ name, ...source.volume });
  }
  return { ok: true, value: files };
}

/** The mode is the API server's default, without which the volume would not be recognized when it comes back. */
function sourceOf(kind: MountedObject['kind'], name: string): VolumeSource {
  const rest = { optional: true, defaultMode: 0o644 };
  if (kind === 'hostPath') return { type: kind, volume: { hostPath: { path: name, type: 'DirectoryOrCreate' } } };
  return kind === 'secret'
    ? { type: kind, volume: { secret: { secretName: name, ...rest } } }
    : { type: kind, volume: { configMap: { name, ...rest } } };
}
