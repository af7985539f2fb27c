import { FILE_ANNOTATION } from '../../api/keys.ts';
import type { TakenPath } from '../../kubernetes/mount-path.ts';
import type { Volume, VolumeMount } from '../../kubernetes/pod.ts';
import { isObject, type Json } from '../../lib/json.ts';
import { type ConditionContext, isMet } from '../../profiles/condition.ts';
import type { Profile } from '../../profiles/profile.ts';
import { render } from '../../profiles/template.ts';
import type { Volumes } from './volumes.ts';

/** A file that a profile writes: its text is an annotation of the pod, and a downwardAPI volume makes a file of it. */
export interface ConfigFile {
  readonly annotation: string;
  readonly content: string;
  readonly mount: VolumeMount;
  /** Where the pod has none for this annotation yet. */
  readonly volume: Volume | undefined;
}

/** What is looked at: the annotations as they would be so far, and the pod's volumes. */
export interface Surroundings {
  readonly annotations: ReadonlyMap<string, string>;
  readonly volumes: Volumes;
  /** New volumes that the agent has besides. */
  readonly others: readonly Volume[];
  readonly taken: readonly TakenPath[];
}

/**
 * The files that are missing in a container. It takes no permission, no shell and no ConfigMap in the namespace, and the text is there for
 * everybody to read, so no secret may be in it. A file that the author mounts at that path is the author's choice.
 */
export function planConfigFiles(
  profile: Profile,
  circumstances: ConditionContext,
  { annotations, volumes, others, taken }: Surroundings,
): readonly ConfigFile[] {
  // The pod's annotations are not copied: there may be thousands, and this is asked for each container.
  const own = new Map<string, string>();
  const added = [...others];
  return profile.files
    .filter(({ path, when }) => isMet(when, circumstances) && taken.every((one) => one.path !== path))
    .map(({ path, content: template }): ConfigFile => {
      const content = render(template, circumstances.values);
      const annotation = keyFor(profile.name, content, (key) => own.get(key) ?? annotations.get(key));
      own.set(annotation, content);
      const file = path.slice(path.lastIndexOf('/') + 1);
      const fieldPath = `metadata.annotations['${annotation}']`;
      const present = volumes.find((volume) => showsOnly(volume, fieldPath, file));
      const name = present ?? volumes.freeName(`${profile.name}-file`, added);
      if (present === undefined) added.push({ name });
      const items = [{ path: file, fieldRef: { apiVersion: 'v1', fieldPath } }];
      return {
        annotation,
        content,
        mount: { name, mountPath: path, subPath: file, readOnly: true },
        volume: present === undefined ? { name, downwardAPI: { items } } : undefined,
      };
    });
}

/** The first key of the profile that nobody uses, or that has this text already: containers with the same text share it. */
function keyFor(profile: string, content: string, present: (key: string) => string | undefined): string {
  let key = `${FILE_ANNOTATION}${profile}`;
  for (let count = 2; (present(key) ?? content) !== content; count++) key = `${FILE_ANNOTATION}${profile}.${count}`;
  return key;
}

/** The API server fills in what we leave out, so only what matters is compared. */
function showsOnly(volume: Volume, fieldPath: string, file: string): boolean {
  const { downwardAPI: source } = volume;
  const items = isObject(source) ? source['items'] : undefined;
  if (!Array.isArray(items) || items.length !== 1) return false;
  return items.some((item: Json) => {
    const ref = isObject(item) ? item['fieldRef'] : undefined;
    return isObject(item) && item['path'] === file && isObject(ref) && ref['fieldPath'] === fieldPath;
  });
}
