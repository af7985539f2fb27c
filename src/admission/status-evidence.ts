import type { InjectedStatus } from '../api/status-annotation.ts';
import { annotationsOf, type Container, containersOf, type Pod } from '../kubernetes/pod.ts';
import { splitList } from '../lib/text.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import type { Profile } from '../profiles/profile.ts';

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
  if (named !== undefined || !profile || profileHash(profile) !== status.hash) return named;
  return missingParts(container, status, profile);
}

function missingNames(pod: Pod, container: Container, status: InjectedStatus): string | undefined {
  const { mounts = {}, init } = status;
  const variables = [...namesIn(status.env), ...namesIn(status.changed)];
  const annotations = namesIn(status.annotations);
  const paths = Object.entries(mounts);
  if (variables.length + paths.length === 0 && init === undefined) return 'it names nothing that was added';
  const env = new Set((container.env ?? []).map(({ name }) => name));
  const variable = variables.find((name) => !env.has(name));
  if (variable !== undefined) return `container ${container.name} has no variable ${variable}`;
  const volumes = new Set((pod.spec.volumes ?? []).map(({ name }) => name));
  const isMounted = ([path, volume]: readonly [string, string]): boolean =>
    volumes.has(volume) && (container.volumeMounts ?? []).some((one) => one.mountPath === path && one.name === volume);
  const mount = paths.find((one) => !isMounted(one));
  if (mount) return `container ${container.name} has no mount of volume ${mount[1]} at ${mount[0]}`;
  if (init !== undefined && !(pod.spec.initContainers ?? []).some(({ name }) => name === init))
    return `the pod has no init container ${init}`;
  const annotation = annotations.find((name) => annotationsOf(pod)[name] === undefined);
  return annotation === undefined ? undefined : `the pod has no annotation ${annotation}`;
}

function missingParts(container: Container, status: InjectedStatus, profile: Profile): string | undefined {
  const delivery = profile.deliveries.find(({ name }) => name === status.delivery);
  if (!delivery) return `profile ${profile.name} has no delivery ${status.delivery}`;
  const names = new Set(profile.environment.map(({ name }) => name));
  if (names.size > 0 && !(container.env ?? []).some(({ name }) => names.has(name)))
    return `container ${container.name} has no variable of profile ${profile.name}`;
  if (delivery.type === 'baked') return undefined;
  const mounted = new Set((container.volumeMounts ?? []).map(({ mountPath }) => mountPath));
  const mount = profile.mounts.find(({ path }) => !mounted.has(path));
  return mount && `container ${container.name} has no mount at ${mount.path}`;
}

/** The last name of a list that was cut is left out. */
function namesIn(list: string | undefined): readonly string[] {
  const names = splitList(list ?? '');
  return list?.endsWith('…') ? names.slice(0, -1) : names;
}
