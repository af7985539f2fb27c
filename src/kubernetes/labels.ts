// Labels and annotations of Kubernetes itself (kubernetes.io/docs/reference/labels-annotations-taints).

export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

export const POD_SECURITY_PREFIX = 'pod-security.kubernetes.io/';

/** Namespace label with the enforced Pod Security level (k8s.io/pod-security-admission api EnforceLevelLabel). */
export const POD_SECURITY_ENFORCE_LABEL = `${POD_SECURITY_PREFIX}enforce`;

export const OS_LABEL = 'kubernetes.io/os';
export const ARCH_LABEL = 'kubernetes.io/arch';
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';

/** Annotation of a mirror pod, which represents a static pod. The kubelet runs the static pod whatever the API server says. */
export const MIRROR_POD_ANNOTATION = 'kubernetes.io/config.mirror';
