import { type InjectedStatus, namesIn } from '../api/status-annotation.ts';
import { annotationsOf, type Container, containersOf, type Pod } from '../kubernetes/pod.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import type { Profile } from '../profiles/profile.ts';
import { canaryVersionOf } from '../settings/canary.ts';

/**
 * What the pod lacks of what the status of a container names, as a sentence fragment; undefined if the pod bears the status out. Anyone who creates
 * a pod can write the annotation, so a status counts only with the variables, mounts and the init container that it names, and, if it names the
 * current version of a profile of the catalogue, with what this profile always adds.
 */
export function missingEvidence(
  pod: Pod,
  status: InjectedStatus,
  catalogue: Catalogue | undefined,
): string | undefined {
  const container = containersOf(pod).find(({ name }) => name === status.container);
  if (!container) return `the pod has no container ${status.container}`;
  const named = missingNames(pod, container, status);
  const profile = catalogue?.profiles.get(status.profile);
  if (named !== undefined || !catalogue || !profile || !isCurrent(status, catalogue)) return named;
  return missingParts(container, status, profile);
}

/** True if the catalogue has the version of the profile that the status names: the one of most workloads, or that of the canary. */
export function isCurrent({ profile: name, hash }: InjectedStatus, { profiles }: Catalogue): boolean {
  const profile = profiles.get(name);
  return profile !== undefined && [profile, canaryVersionOf(profile)].some((one) => profileHash(one) === hash);
}

function missingNames(pod: Pod, container: Container, status: InjectedStatus): string | undefined {
  const variables = [...namesIn(status.env), ...namesIn(status.changed)];
  const mounts = Object.entries(status.mounts ?? {});
  if (variables.length + mounts.length === 0 && status.init === undefined) return 'it names nothing that was added';
  return (
    missing('variable', variables, namesOf(container.env), `container ${container.name}`) ??
    missingMount(pod, container, mounts) ??
    missing('init container', status.init === undefined ? [] : [status.init], namesOf(pod.spec.initContainers)) ??
    missing('annotation', namesIn(status.annotations), new Set(Object.keys(annotationsOf(pod))))
  );
}

function missing(
  what: string,
  named: readonly string[],
  present: ReadonlySet<string>,
  where = 'the pod',
): string | undefined {
  const name = named.find((one) => !present.has(one));
  return name === undefined ? undefined : `${where} has no ${what} ${name}`;
}

function missingMount(
  pod: Pod,
  container: Container,
  mounts: readonly (readonly [path: string, volume: string])[],
): string | undefined {
  const volumes = namesOf(pod.spec.volumes);
  const isMounted = (path: string, volume: string): boolean =>
    volumes.has(volume) && (container.volumeMounts ?? []).some((one) => one.mountPath === path && one.name === volume);
  const found = mounts.find(([path, volume]) => !isMounted(path, volume));
  return found && `container ${container.name} has no mount of volume ${found[1]} at ${found[0]}`;
}

function namesOf(list: readonly { readonly name: string }[] | null | undefined): ReadonlySet<string> {
  return new Set((list ?? []).map(({ name }) => name));
}

function missingParts(container: Container, status: InjectedStatus, profile: Profile): string | undefined {
  const delivery = profile.deliveries.find(({ name }) => name === status.delivery);
  if (!delivery) return `profile ${profile.name} has no delivery ${status.delivery}`;
  const names = new Set(profile.environment.map(({ name }) => name));
  if (names.size > 0 && !(container.env ?? []).some(({ name }) => names.has(name)))
    return `container ${container.name} has no variable of profile ${profile.name}`;
  if (delivery.kind === 'preinstalled') return undefined;
  const mounted = new Set((container.volumeMounts ?? []).map(({ mountPath }) => mountPath));
  const mount = profile.mounts.find(({ path }) => !mounted.has(path));
  return mount && `container ${container.name} has no mount at ${mount.path}`;
}
