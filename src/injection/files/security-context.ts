import { type Container, isOnOpenShift, type Pod, windowsOptionsOf } from '../../kubernetes/pod.ts';
import { osOf } from '../../kubernetes/scheduling.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { CopyStep } from '../../profiles/delivery.ts';

/** User ID if neither the target nor the pod has one: "nonroot" of the distroless images. Any ID but 0 passes `restricted`. */
const NONROOT = 65_532;

/** A pod template has not met the SecurityContextConstraints yet: restricted-v2 refuses users outside of a range that it knows, and sets both. */
export const OPENSHIFT: CopyStep['omitted'] = new Set(['runAsUser', 'seccompProfile']);

/**
 * Meets Pod Security `restricted` (k8s.io/pod-security-admission policy/), except for what is omitted, with the user and group of the target unless that
 * is root. In a pod with `spec.os` windows, the API server rejects most of these fields (core validation.go validateWindows); in others it demands them.
 */
export function securityContextFor(pod: Pod, target: Container, omitted: CopyStep['omitted']): JsonObject {
  const contexts = [target['securityContext'], pod.spec['securityContext']];
  const windowsOptions = osOf(pod, target) === 'windows' && {
    windowsOptions: { runAsUserName: windowsUserFor(pod, target) },
  };
  if (windowsOptions && pod.spec.os?.['name'] === 'windows') return { runAsNonRoot: true, ...windowsOptions };
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    ...idsFor(contexts, omitted),
    ...windowsOptions,
    // OpenShift sets the profile of the whole pod where its SCC requires one; others, such as anyuid, forbid any.
    ...(!omitted.has('seccompProfile') && !isOnOpenShift(pod) && { seccompProfile: { type: 'RuntimeDefault' } }),
  };
}

function idsFor(contexts: readonly (Json | undefined)[], omitted: CopyStep['omitted']): JsonObject {
  const idFrom = (field: string): number | undefined =>
    contexts
      .map((context) => (isObject(context) ? context[field] : undefined))
      .find((id): id is number => typeof id === 'number' && id > 0);
  const user = idFrom('runAsUser') ?? (omitted.has('runAsUser') ? undefined : NONROOT);
  const group = idFrom('runAsGroup');
  return { ...(user !== undefined && { runAsUser: user }), ...(group !== undefined && { runAsGroup: group }) };
}

/** The user of most Windows images is ContainerAdministrator, which the kubelet refuses as root (kuberuntime/security_context_windows.go). */
const WINDOWS_ADMINISTRATOR = 'ContainerAdministrator';

const WINDOWS_USER = 'ContainerUser';

function windowsUserFor(pod: Pod, target: Container): string {
  const names = [target, pod.spec].map((owner) => windowsOptionsOf(owner)?.['runAsUserName']);
  return names.find(isWindowsUser) ?? WINDOWS_USER;
}

function isWindowsUser(name: Json | undefined): name is string {
  return typeof name === 'string' && name !== WINDOWS_ADMINISTRATOR;
}
