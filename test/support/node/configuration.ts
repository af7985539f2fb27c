import { join } from 'node:path';
import { nodeBinary, type ContainerdVersion } from './places.ts';
import { NODE_ADDRESS, POD_CIDR } from './network.ts';

export const PAUSE_IMAGE = 'localhost/pause:1';

export const socketOf = (dir: string): string => join(dir, 'containerd.sock');

export function containerdConfiguration(dir: string): string {
  return `version = 3
root = "${dir}/containerd"
state = "${dir}/state"
[grpc]
  address = "${socketOf(dir)}"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${PAUSE_IMAGE}"
[plugins.'io.containerd.cri.v1.runtime']
  # A virtual machine may not allow a lower oom_score_adj than that of its first process.
  restrict_oom_score_adj = true
  # Below the folder of the node, so that its end finds them.
  netns_mounts_under_state_dir = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = "${nodeBinary('runc')}"
  SystemdCgroup = false
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["${nodeBinary('cni')}"]
  conf_dir = "${dir}/cni"
`;
}

/** Containers of any age of the machine's control groups. Nothing is reserved, and nothing is evicted before the disk is full. */
export function kubeletConfiguration(dir: string, ports: { readonly api: number; readonly health: number }): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${socketOf(dir)}`,
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    failSwapOn: false,
    enforceNodeAllocatable: [],
    makeIPTablesUtilChains: false,
    podLogsDir: join(dir, 'logs'),
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    clusterDomain: 'cluster.local',
    clusterDNS: [NODE_ADDRESS],
    address: NODE_ADDRESS,
    port: ports.api,
    healthzPort: ports.health,
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    maxPods: 200,
    // Pods of a test start together.
    registryPullQPS: 0,
    kubeAPIQPS: 200,
    kubeAPIBurst: 400,
    shutdownGracePeriod: '0s',
  };
}

export function proxyConfiguration(
  kubeconfigPath: string,
  ports: { readonly health: number; readonly metrics: number },
): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    // The answer of a pod on the same bridge would not come back through the Service's address.
    nftables: { masqueradeAll: true },
    clientConnection: { kubeconfig: kubeconfigPath },
    clusterCIDR: POD_CIDR,
    hostnameOverride: 'localhost',
    healthzBindAddress: `127.0.0.1:${ports.health}`,
    metricsBindAddress: `127.0.0.1:${ports.metrics}`,
    conntrack: { maxPerCore: 0 },
  };
}

export function containerdBinary(version: ContainerdVersion, name: string): string {
  return nodeBinary(`containerd-${version}/${name}`);
}
