// Labels and annotations of Kubernetes itself (kubernetes.io/docs/reference/labels-annotations-taints).

export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

export const POD_SECURITY_PREFIX = 'pod-security.kubernetes.io/';

/** Namespace label with the enforced Pod Security level (k8s.io/pod-security-admission api EnforceLevelLabel). */
export const POD_SECURITY_ENFORCE_LABEL = `${POD_SECURITY_PREFIX}enforce`;

export const OS_LABEL = 'kubernetes.io/os';
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';

const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** Other labels that say the zone or the region of a node, with the values of the standard one: the old labels, and those of the CSI drivers. */
export const topologyLabels: ReadonlyMap<string, string> = new Map([
  ['failure-domain.beta.kubernetes.io/zone', ZONE_LABEL],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['topology.ebs.csi.aws.com/zone', ZONE_LABEL],
  ['topology.gke.io/zone', ZONE_LABEL],
  ['topology.disk.csi.azure.com/zone', ZONE_LABEL],
]);

/** Annotation of a mirror pod, which represents a static pod. The kubelet runs the static pod whatever the API server says. */
export const MIRROR_POD_ANNOTATION = 'kubernetes.io/config.mirror';

/** The SecurityContextConstraints that OpenShift has applied to the pod. */
export const OPENSHIFT_SCC_ANNOTATION = 'openshift.io/scc';

export type NodeFact = 'os' | 'arch';

/** A node label that says something about the node's operating system or CPU architecture. */
export interface NodeLabel {
  readonly key: string;
  readonly says: NodeFact;
  /** How the fact follows from the value of the label. */
  readonly valueOf: 'itself' | ((value: string) => string);
  /** The only value of the fact whose nodes have the label. */
  readonly onlyOn?: string;
}

function osNamedBy(value: string): string {
  return value.toLowerCase().startsWith('windows') ? 'windows' : 'linux';
}

/**
 * The kubelet sets the beta labels (pkg/kubelet/kubelet_node_status.go), and on Windows the build (NodeWindowsBuild). GKE and AKS set their own.
 */
export const nodeLabels: readonly NodeLabel[] = [
  { key: OS_LABEL, says: 'os', valueOf: 'itself' },
  { key: 'beta.kubernetes.io/os', says: 'os', valueOf: 'itself' },
  { key: 'node.kubernetes.io/windows-build', says: 'os', valueOf: () => 'windows', onlyOn: 'windows' },
  {
    key: 'cloud.google.com/gke-os-distribution',
    says: 'os',
    valueOf: osNamedBy,
  },
  {
    key: 'kubernetes.azure.com/os-sku',
    says: 'os',
    valueOf: osNamedBy,
  },
  { key: 'kubernetes.io/arch', says: 'arch', valueOf: 'itself' },
  { key: 'beta.kubernetes.io/arch', says: 'arch', valueOf: 'itself' },
];
