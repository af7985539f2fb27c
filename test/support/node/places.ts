import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { assetsFolder } from '../assets.ts';
import { root } from '../chart.ts';

export const CONTAINERD_VERSIONS = ['2.2', '2.1'] as const;

export type ContainerdVersion = (typeof CONTAINERD_VERSIONS)[number];

/** All files of the node. There is one node at a time on a machine, so the next start can remove what a killed run has left. */
export const NODE_FOLDER = '/var/tmp/agent-injector-node';

export const stopScript: string = join(root, 'test/e2e/kube/stop-node');

/** Paths in the folder that `test/e2e/kube/build-node` fills. */
const FILES = [
  'kubelet',
  'kube-scheduler',
  'kube-proxy',
  'coredns/coredns',
  'pause',
  'csi-driver',
  'runc',
  'busybox',
  'nft/nft',
  'cni/bridge',
  'cni/host-local',
  'cni/loopback',
  ...CONTAINERD_VERSIONS.flatMap((version) =>
    ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name) => `containerd-${version}/${name}`),
  ),
];

export function nodeBinary(path: string): string {
  const folder = assetsFolder();
  if (folder === undefined) throw new Error('KUBEBUILDER_ASSETS is not set');
  return join(folder, path);
}

/** True if a machine that lacks something fails instead of running less: in CI. */
export const isRequired: boolean = process.env['E2E_NODE_REQUIRED'] === '1';

/** Why this machine cannot run containers, in one line; undefined if it can. */
export function whyNoNode(): string | undefined {
  const folder = assetsFolder();
  if (folder === undefined) return 'KUBEBUILDER_ASSETS names no Kubernetes binaries';
  const missing = FILES.find((file) => !isExecutable(join(folder, file)));
  if (missing !== undefined) return `${folder} has no ${missing}: run test/e2e/kube/build-node ${folder}`;
  if (process.getuid?.() !== 0) return 'only root can start containers';
  for (const [command, ...args] of PROBES) {
    try {
      execFileSync(command, args, { stdio: 'pipe' });
    } catch (error) {
      return `${command} ${args.join(' ')}: ${String(error).split('\n')[1] ?? 'failed'}`;
    }
  }
  return undefined;
}

const PROBES: readonly (readonly [string, ...string[]])[] = [
  ['kubectl', 'version', '--client'],
  ['unshare', '--mount', '--net', '--pid', '--uts', '--ipc', '--fork', 'mount', '-t', 'tmpfs', 'none', '/mnt'],
  ['unshare', '--net', 'ip', 'link', 'add', 'probe0', 'type', 'bridge'],
  ['grep', '-qw', 'overlay', '/proc/filesystems'],
];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
