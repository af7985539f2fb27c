import { type Container, containersOf, type Pod } from '../../kubernetes/pod.ts';
import { isObject, type Json } from '../../lib/json.ts';

/**
 * The promise that the pod's init containers break, or undefined: those of the author are there in their order, and what was put among them
 * passes Pod Security `restricted`, is named like no other container, and has the pod's own volumes. `keeps` judges a container of the author.
 */
export function brokenInitContainers(
  before: Pod,
  after: Pod,
  keeps: (had: Container, has: Container) => string | undefined,
): string | undefined {
  const had = before.spec.initContainers ?? [];
  let next = 0;
  for (const has of after.spec.initContainers ?? []) {
    const own = had[next];
    if (own?.name === has.name) {
      const broken = keeps(own, has);
      if (broken !== undefined) return broken;
      next++;
    } else {
      const broken = brokenAddition(has, after);
      if (broken !== undefined) return broken;
    }
  }
  return next < had.length ? 'an init container of the author was removed or moved' : startsUnfilled(before, after);
}

/** What a new init container fills, no init container may have mounted before it: it would start without the files. */
function startsUnfilled(before: Pod, after: Pod): string | undefined {
  const authors = new Set((before.spec.initContainers ?? []).map(({ name }) => name));
  const seen = new Set<string>();
  for (const { name, volumeMounts } of after.spec.initContainers ?? []) {
    const volumes = (volumeMounts ?? []).map((mount) => mount.name);
    const late = authors.has(name) ? undefined : volumes.find((volume) => seen.has(volume));
    if (late !== undefined) return `init container ${name} fills volume ${late} after it is used`;
    for (const volume of volumes) seen.add(volume);
  }
  return undefined;
}

function brokenAddition(container: Container, pod: Pod): string | undefined {
  const { name } = container;
  if (containersOf(pod).filter((one) => one.name === name).length > 1) return `container ${name} stands twice`;
  const passes = pod.spec.os?.['name'] === 'windows' ? isUnprivileged : isRestricted;
  if (!passes(container['securityContext'])) return `init container ${name} would not pass Pod Security restricted`;
  const volumes = new Set((pod.spec.volumes ?? []).map((volume) => volume.name));
  const mount = container.volumeMounts?.find((one) => !volumes.has(one.name));
  return mount && `init container ${name} mounts volume ${mount.name}, which does not exist`;
}

/** What `restricted` looks at in a Windows pod. */
function isUnprivileged(context: Json | undefined): boolean {
  return isObject(context) && context['runAsNonRoot'] === true && context['privileged'] !== true;
}

/** The fields of a container that `restricted` looks at (k8s.io/pod-security-admission policy/). */
function isRestricted(context: Json | undefined): boolean {
  if (!isObject(context)) return false;
  const { capabilities, seccompProfile, runAsUser } = context;
  const drop = isObject(capabilities) ? capabilities['drop'] : undefined;
  return (
    context['allowPrivilegeEscalation'] === false &&
    context['runAsNonRoot'] === true &&
    runAsUser !== 0 &&
    Array.isArray(drop) &&
    drop.includes('ALL') &&
    isObject(seccompProfile) &&
    seccompProfile['type'] === 'RuntimeDefault'
  );
}
