import { FILE_ANNOTATION } from '../../api/keys.ts';
import type { TakenPath } from '../../kubernetes/mount-path.ts';
import type { Volume, VolumeMount } from '../../kubernetes/pod.ts';
import { isObject, type Json } from '../../lib/json.ts';
import { type ConditionContext, isMet } from '../../profiles/condition.ts';
import type { Profile } from '../../profiles/profile.ts';
import { render } from '../../profiles/template.ts';
import type { Volumes } from './volumes.ts';

/** A configuration file of a profile: an annotation of the pod that a downwardAPI volume mounts as a file. */
export interface ConfigFile {
  readonly annotation: string;
  readonly content: string;
  readonly mount: VolumeMount;
  /** Undefined if the pod has a volume for the annotation already. */
  readonly volume: Volume | undefined;
}

/** The pod and the container that the files go into. */
export interface ConfigFileTarget {
  /** Annotations of the pod, including the new ones. */
  readonly annotations: ReadonlyMap<string, string>;
  readonly volumes: Volumes;
  /** New volumes of the agent that are still to be added. */
  readonly pending: readonly Volume[];
  readonly takenPaths: readonly TakenPath[];
}

/**
 * Plans the configuration files. This way needs no permission, no shell and no ConfigMap in the namespace, but anyone who can read the pod can
 * read the text, so it must not contain a secret. An existing mount at the path of a file replaces that file.
 */
export function planConfigFiles(
  profile: Profile,
  conditions: ConditionContext,
  { annotations, volumes, pending, takenPaths }: ConfigFileTarget,
): readonly ConfigFile[] {
  // The pod's annotations are not copied: there can be thousands, and each container is planned.
  const newAnnotations = new Map<string, string>();
  const newVolumes = [...pending];
  return profile.files
    .filter(({ path, when }) => isMet(when, conditions) && takenPaths.every((taken) => taken.path !== path))
    .map(({ path, content: template }): ConfigFile => {
      const content = render(template, conditions.values);
      const annotation = keyFor(profile.name, content, (key) => newAnnotations.get(key) ?? annotations.get(key));
      newAnnotations.set(annotation, content);
      const file = path.slice(path.lastIndexOf('/') + 1);
      const fieldPath = `metadata.annotations['${annotation}']`;
      const existing = volumes.find((volume) => holdsOnly(volume, fieldPath, file));
      const name = existing ?? volumes.freeName(`${profile.name}-file`, newVolumes);
      if (existing === undefined) newVolumes.push({ name });
      const items = [{ path: file, fieldRef: { apiVersion: 'v1', fieldPath } }];
      return {
        annotation,
        content,
        mount: { name, mountPath: path, subPath: file, readOnly: true },
        volume: existing === undefined ? { name, downwardAPI: { items } } : undefined,
      };
    });
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
