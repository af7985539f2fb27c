// Labels and annotations of Kubernetes itself (kubernetes.io/docs/reference/labels-annotations-taints).

/** Label of each namespace with its own name, set by the API server. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** Prefix of the namespace labels that choose Pod Security levels. */
export const POD_SECURITY_PREFIX = 'pod-security.kubernetes.io/';

/** Namespace label with the Pod Security level that is enforced (k8s.io/pod-security-admission api EnforceLevelLabel). */
export const POD_SECURITY_ENFORCE_LABEL = `${POD_SECURITY_PREFIX}enforce`;

export const OS_LABEL = 'kubernetes.io/os';
export const ARCH_LABEL = 'kubernetes.io/arch';
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';

/** Annotation of a mirror pod: the API server's picture of a static pod, which the kubelet runs whatever the API server says. */
export const MIRROR_POD_ANNOTATION = 'kubernetes.io/config.mirror';
