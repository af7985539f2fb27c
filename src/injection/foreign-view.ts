import { normalPath } from '../kubernetes/mount-path.ts';
import type { EnvVar, VolumeMount } from '../kubernetes/pod.ts';
import { ContainerView } from '../profiles/matcher.ts';
import type { Profile } from '../profiles/profile.ts';
import { hasReference, isReference, type ResolvedEntry } from './env/entry.ts';

/** The view without the text of these entries. */
export function withoutText(view: ContainerView, entries: readonly ResolvedEntry[]): ContainerView {
  const texts = new Map<string, string[]>();
  for (const { name, operation } of entries) {
    if (!('text' in operation.value) || view.variable(name) === undefined) continue;
    const known = texts.get(name);
    if (known) known.push(operation.value.text);
    else texts.set(name, [operation.value.text]);
  }
  if (texts.size === 0) return view;
  const environment = view.environment.map((variable): EnvVar => {
    const { value } = variable;
    const written = texts.get(variable.name);
    // A manifest may have `value: null`, which the types of a pod do not.
    if (!written || typeof value !== 'string') return variable;
    return { ...variable, value: written.reduce((rest, text) => rest.replaceAll(text, ''), value) };
  });
  return new ContainerView(view.container, environment, view.volumes);
}

/**
 * The view without what the profile adds, which may be a sign of another agent, too: a profile may have its files where the vendor's own injector puts
 * them.
 */
export function withoutOwnParts(
  { container, environment, volumes }: ContainerView,
  { mounts, writablePaths, files, objects }: Profile,
  entries: readonly ResolvedEntry[],
): ContainerView {
  const paths = new Set([...mounts, ...writablePaths, ...files, ...objects].map(({ path }) => normalPath(path)));
  const isOwn = ({ mountPath }: VolumeMount): boolean => paths.has(normalPath(mountPath));
  const mounted = container.volumeMounts ?? [];
  const ownVolumes = new Set(mounted.filter(isOwn).map(({ name }) => name));
  return new ContainerView(
    { ...container, volumeMounts: mounted.filter((mount) => !isOwn(mount)) },
    environment.filter((variable) => !entries.some((entry) => isWrittenBy(entry, variable))),
    new Set([...volumes].filter((name) => !ownVolumes.has(name))),
  );
}

/** `variable`: without the text of the entry. */
function isWrittenBy({ name, operation }: ResolvedEntry, variable: EnvVar): boolean {
  if (name !== variable.name || (operation.kind !== 'set' && operation.kind !== 'force')) return false;
  if (!('text' in operation.value)) return hasReference(variable, operation.value.valueFrom);
  return !isReference(variable) && (variable.value ?? '') === '';
}
