import { POD_SECURITY_ENFORCE_LABEL } from './labels.ts';
import type { Namespace } from './namespace.ts';

/** The levels of Pod Security, the most permissive first (k8s.io/pod-security-admission api constants.go). */
export const POD_SECURITY_LEVELS = ['privileged', 'baseline', 'restricted'] as const;

export type PodSecurityLevel = (typeof POD_SECURITY_LEVELS)[number];

/** `assumed`: neither the namespace nor a setting says which level the API server enforces. */
export interface EnforcedLevel {
  readonly level: PodSecurityLevel;
  readonly from: 'label' | 'cluster' | 'assumed';
}

/**
 * The Pod Security level that the API server enforces in a namespace. Without the label it is the default of the API server's own configuration
 * (PodSecurityConfiguration), which cannot be read: unless a setting says otherwise, the strictest is assumed. So it is for an unknown value of
 * the label, as in the API server (k8s.io/pod-security-admission api helpers.go ParseLevel).
 */
export function enforcedLevel(
  { labels }: Namespace,
  { podSecurityDefault }: { readonly podSecurityDefault?: PodSecurityLevel },
): EnforcedLevel {
  const label = labels[POD_SECURITY_ENFORCE_LABEL];
  if (label !== undefined)
    return { level: POD_SECURITY_LEVELS.find((level) => level === label) ?? 'restricted', from: 'label' };
  return podSecurityDefault === undefined
    ? { level: 'restricted', from: 'assumed' }
    : { level: podSecurityDefault, from: 'cluster' };
}
