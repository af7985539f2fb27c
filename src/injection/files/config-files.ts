import { FILE_ANNOTATION } from '../../api/keys.ts';
import { closedParent } from '../../kubernetes/mount-path.ts';
import type { Volume } from '../../kubernetes/pod.ts';
import { isObject, type Json } from '../../lib/json.ts';
import type { Result } from '../../lib/result.ts';
import { isMet } from '../../profiles/condition.ts';
import { render } from '../../profiles/template.ts';
import type { Reason } from '../../reasons/reason.ts';
import type { FileRequest, PlannedFiles } from './mounts.ts';

/**
 * Adds the profile's configuration files: the text is an annotation of the pod, which a downwardAPI volume mounts as a file. This needs no
 * permission, no shell and no ConfigMap in the namespace, but anyone who can read the pod can read the text, so it must not contain a secret.
 * An existing mount at the path of a file replaces that file.
 */
export function addConfigFiles(request: FileRequest, files: PlannedFiles): Result<PlannedFiles, Reason> {
  const { volumes, mounts, annotations } = files;
  const { profile, conditions, takenPaths } = request;
  const { podDraft } = request.draft;
  for (const { path, content: template, when } of profile.files) {
    if (!isMet(when, conditions) || takenPaths.some((taken) => taken.path === path)) continue;
    const parent = closedParent(path, takenPaths);
    if (parent) return { ok: false, error: { code: 'mount-path-taken', path: parent.path, volume: parent.volume } };
    const content = render(template, conditions.values);
    const annotation = keyFor(profile.name, content, (key) => annotations.get(key) ?? podDraft.annotations.get(key));
    annotations.set(annotation, content);
    const file = path.slice(path.lastIndexOf('/') + 1);
    const fieldPath = `metadata.annotations['${annotation}']`;
    const existing = podDraft.volumes.find((volume) => holdsOnly(volume, fieldPath, file));
    const name = existing ?? podDraft.volumes.freeName(`${profile.name}-file`, volumes);
    mounts.push({ name, mountPath: path, subPath: file, readOnly: true });
    if (existing !== undefined) continue;
    const items = [{ path: file, fieldRef: { apiVersion: 'v1', fieldPath } }];
    volumes.push({ name, downwardAPI: { items } });
  }
  return { ok: true, value: files };
}

/** Returns the profile's first key that is free or has the same text: containers with the same text share it. */
function keyFor(profile: string, content: string, textOf: (key: string) => string | undefined): string {
  let key = `${FILE_ANNOTATION}${profile}`;
  for (let count = 2; (textOf(key) ?? content) !== content; count++) key = `${FILE_ANNOTATION}${profile}.${count}`;
  return key;
}

/** Compares only what is written: the API server adds defaults. */
function holdsOnly({ downwardAPI }: Volume, fieldPath: string, file: string): boolean {
  const items = isObject(downwardAPI) ? downwardAPI['items'] : undefined;
  if (!Array.isArray(items) || items.length !== 1) return false;
  return items.some((item: Json) => {
    const reference = isObject(item) ? item['fieldRef'] : undefined;
    return isObject(item) && item['path'] === file && isObject(reference) && reference['fieldPath'] === fieldPath;
  });
}
