import { type Container, containersOf, isOnOpenShift, type Pod } from '../../kubernetes/pod.ts';
import { isObject, type Json } from '../../lib/json.ts';

/**
 * Checks that existing init containers keep their order and are unchanged by `brokenContainer`, and that each new one passes Pod Security
 * `restricted`, has a unique name, mounts existing volumes, and starts before any container that uses the volume it fills.
 */
export function brokenInitContainers(
  before: Pod,
  after: Pod,
  omitsSeccomp: boolean,
  brokenContainer: (before: Container, after: Container) => string | undefined,
): string | undefined {
  const original = before.spec.initContainers ?? [];
  let next = 0;
  for (const container of after.spec.initContainers ?? []) {
    const existing = original[next];
    const isExisting = existing?.name === container.name;
    const broken = isExisting ? brokenContainer(existing, container) : brokenAddition(container, after, omitsSeccomp);
    if (broken !== undefined) return broken;
    if (isExisting) next++;
  }
  if (next < original.length) return 'an existing init container was removed or moved';
  return lateFilling(new Set(original.map(({ name }) => name)), after);
}

function lateFilling(existing: ReadonlySet<string>, { spec }: Pod): string | undefined {
  const used = new Set<string>();
  for (const { name, volumeMounts } of spec.initContainers ?? []) {
    const volumes = (volumeMounts ?? []).map((mount) => mount.name);
    const late = existing.has(name) ? undefined : volumes.find((volume) => used.has(volume));
    if (late !== undefined) return `init container ${name} would fill volume ${late} after its first use`;
    for (const volume of volumes) used.add(volume);
  }
  return undefined;
}

function brokenAddition(container: Container, pod: Pod, omitsSeccomp: boolean): string | undefined {
  const { name } = container;
  if (containersOf(pod).filter((one) => one.name === name).length > 1) return `duplicate container ${name}`;
  const context = container['securityContext'];
  const passes =
    pod.spec.os?.['name'] === 'windows'
      ? isRestrictedOnWindows(context)
      : isRestricted(context, seccompOf(context, omitsSeccomp || isOnOpenShift(pod)));
  if (!passes) return `init container ${name} would violate Pod Security restricted`;
  const volumes = new Set((pod.spec.volumes ?? []).map((volume) => volume.name));
  const mount = container.volumeMounts?.find((one) => !volumes.has(one.name));
  return mount && `init container ${name} mounts volume ${mount.name}, which does not exist`;
}

function isRestrictedOnWindows(context: Json | undefined): boolean {
  return isObject(context) && context['runAsNonRoot'] === true && context['privileged'] !== true;
}

/** The profile that is set; where the cluster sets it, a missing one counts as set. */
function seccompOf(context: Json | undefined, isOptional: boolean): Json | undefined {
  const own = isObject(context) ? context['seccompProfile'] : undefined;
  return own === undefined && !isOptional ? null : own;
}

/** k8s.io/pod-security-admission policy/ */
function isRestricted(context: Json | undefined, seccompProfile: Json | undefined): boolean {
  if (!isObject(context)) return false;
  const { capabilities, runAsUser } = context;
  const drop = isObject(capabilities) ? capabilities['drop'] : undefined;
  return (
    context['allowPrivilegeEscalation'] === false &&
    context['runAsNonRoot'] === true &&
    runAsUser !== 0 &&
    Array.isArray(drop) &&
    drop.includes('ALL') &&
    (seccompProfile === undefined || (isObject(seccompProfile) && seccompProfile['type'] === 'RuntimeDefault'))
  );
}
