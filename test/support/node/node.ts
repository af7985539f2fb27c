import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { Client } from '../client.ts';
import { startControlPlane, type ControlPlane } from '../control-plane.ts';
import { freePort } from '../free-port.ts';
import { startProcess, type GuardedProcess } from '../guarded-process.ts';
import { waitFor } from '../wait-for.ts';
import {
  containerdBinary,
  containerdConfiguration,
  kubeletConfiguration,
  PAUSE_IMAGE,
  proxyConfiguration,
  socketOf,
} from './configuration.ts';
import { writeImage, type ImageOptions } from './image.ts';
import { cniConfiguration, corefile, createNetwork, NODE_ADDRESS } from './network.ts';
import { NODE_FOLDER, nodeBinary, stopScript, type ContainerdVersion } from './places.ts';

const run = promisify(execFile);

/** A control plane and a node of this machine: containerd, kubelet, scheduler, Services and their names. Pods run. */
export interface Node {
  readonly controlPlane: ControlPlane;
  readonly client: Client;
  /** A folder for the files of a test, which is removed with the node. */
  readonly folder: string;
  readonly addImage: (image: ImageOptions) => Promise<void>;
  /** Ends the kubelet by SIGKILL and starts it again. Containers keep running. */
  readonly restartKubelet: () => Promise<void>;
  /** Starts a CSI driver whose inline volumes show the folder. Resolves when the kubelet knows it. */
  readonly addCsiDriver: (name: string, folder: string) => Promise<void>;
  /** Runs a command in a container, as `kubectl exec` does. */
  readonly exec: (namespace: string, pod: string, container: string, command: readonly string[]) => Promise<string>;
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

const READY_WITHIN = { deadline: 120_000, interval: 200 };

/** Resolves when the node is ready. A node that was left behind by a killed run is removed first. */
export async function startNode({
  containerd = '2.2',
}: { readonly containerd?: ContainerdVersion } = {}): Promise<Node> {
  removeNode();
  const dir = NODE_FOLDER;
  const folder = join(dir, 'test');
  for (const path of ['cni', folder]) mkdirSync(resolve(dir, path), { recursive: true });
  let controlPlane: ControlPlane | undefined;
  const stop = async (): Promise<void> => {
    await controlPlane?.stop();
    removeNode();
  };
  try {
    createNetwork(dir);
    controlPlane = await startControlPlane({ dir: join(dir, 'control-plane'), apiServerFlags: API_SERVER_FLAGS });
    const place = { dir, controlPlane, containerd };
    await startRuntime(place);
    const addImage = (image: ImageOptions): Promise<void> => importImage(place, image);
    await addImage({
      name: PAUSE_IMAGE,
      contents: new Map([['/pause', { from: nodeBinary('pause') }]]),
      entrypoint: ['/pause'],
    });
    const { client, kubeconfigPath } = controlPlane;
    const kubelet = await startKubelet(place);
    await Promise.all([startScheduler(place), startServices(place)]);
    await waitFor('the node to be ready', () => isReady(client), READY_WITHIN);
    const kubectl: Node['kubectl'] = async (args, input) => {
      const running = run('kubectl', ['--kubeconfig', kubeconfigPath, ...args], { maxBuffer: 1 << 26 });
      running.child.stdin?.end(input);
      return (await running).stdout;
    };
    return {
      controlPlane,
      client,
      folder,
      addImage,
      addCsiDriver: (name, shown) => startCsiDriver(place, name, shown),
      kubectl,
      exec: (namespace, pod, container, command) =>
        kubectl(['exec', '--namespace', namespace, pod, '--container', container, '--', ...command]),
      restartKubelet: kubelet.restart,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Pods reach the API server by its Service, and the API server reaches the kubelet, both on the bridge. */
const API_SERVER_FLAGS = [
  '--bind-address=0.0.0.0',
  `--advertise-address=${NODE_ADDRESS}`,
  '--allow-privileged=true',
  '--kubelet-preferred-address-types=InternalIP',
];

export function removeNode(): void {
  execFileSync(stopScript, [NODE_FOLDER], { stdio: 'inherit' });
}

interface Place {
  readonly dir: string;
  readonly controlPlane: ControlPlane;
  readonly containerd: ContainerdVersion;
}

function write({ dir }: Place, name: string, content: string | object): string {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : stringify(content));
  return path;
}

/** Starts a process of the node, whose id is written down for the script that ends it even if this process is killed. */
async function start(place: Place, name: string, command: string, args: readonly string[]): Promise<GuardedProcess> {
  const { dir, containerd } = place;
  const path = [containerdBinary(containerd, ''), nodeBinary(''), nodeBinary('nft'), process.env['PATH']].join(':');
  const started = await startProcess({
    command,
    args,
    cwd: dir,
    logPath: join(dir, `${name}.log`),
    env: { PATH: path },
  });
  appendFileSync(join(dir, 'pids'), `${started.pid}\n`);
  return started;
}

function ctr({ dir, containerd }: Place, ...args: readonly string[]): Promise<unknown> {
  return run(containerdBinary(containerd, 'ctr'), ['--address', socketOf(dir), '--namespace', 'k8s.io', ...args]);
}

async function startRuntime(place: Place): Promise<void> {
  write(place, 'cni/10-bridge.conflist', JSON.stringify(cniConfiguration(place.dir)));
  const configuration = write(place, 'containerd.toml', containerdConfiguration(place.dir));
  const process = await start(place, 'containerd', containerdBinary(place.containerd, 'containerd'), [
    `--config=${configuration}`,
  ]);
  await waitFor('containerd to answer', () => ctr(place, 'version').then(() => true), {
    ...READY_WITHIN,
    hopeless: () => endOf('containerd', process),
  });
}

async function importImage(place: Place, image: ImageOptions): Promise<void> {
  const path = writeImage(join(place.dir, 'test'), image);
  await ctr(place, 'images', 'import', path);
  rmSync(path);
}

async function startKubelet(place: Place): Promise<{ readonly restart: () => Promise<void> }> {
  const { dir, controlPlane } = place;
  const ports = { api: await freePort(), health: await freePort() };
  const configuration = write(place, 'kubelet.yaml', kubeletConfiguration(dir, ports));
  const startOnce = async (): Promise<GuardedProcess> => {
    const process = await start(place, 'kubelet', nodeBinary('kubelet'), [
      `--config=${configuration}`,
      `--kubeconfig=${controlPlane.kubeconfigPath}`,
      `--root-dir=${join(dir, 'kubelet')}`,
      `--cert-dir=${join(dir, 'kubelet/pki')}`,
      '--hostname-override=localhost',
      `--node-ip=${NODE_ADDRESS}`,
    ]);
    const isHealthy = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${ports.health}/healthz`)).ok;
    await waitFor('the kubelet to be healthy', isHealthy, {
      ...READY_WITHIN,
      hopeless: () => endOf('kubelet', process),
    });
    return process;
  };
  let running = await startOnce();
  return {
    restart: async () => {
      await running.stop('SIGKILL');
      running = await startOnce();
    },
  };
}

async function startScheduler(place: Place): Promise<void> {
  await start(place, 'kube-scheduler', nodeBinary('kube-scheduler'), [
    `--kubeconfig=${place.controlPlane.kubeconfigPath}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${await freePort()}`,
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ]);
}

async function startServices(place: Place): Promise<void> {
  const { kubeconfigPath } = place.controlPlane;
  const ports = { health: await freePort(), metrics: await freePort() };
  const proxy = write(place, 'proxy.yaml', proxyConfiguration(kubeconfigPath, ports));
  await start(place, 'kube-proxy', nodeBinary('kube-proxy'), [`--config=${proxy}`]);
  const names = write(place, 'Corefile', corefile(kubeconfigPath));
  await start(place, 'coredns', nodeBinary('coredns/coredns'), ['-conf', names]);
}

async function startCsiDriver(place: Place, name: string, shown: string): Promise<void> {
  const { client } = place.controlPlane;
  await client.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name },
    spec: { attachRequired: false, podInfoOnMount: true, volumeLifecycleModes: ['Ephemeral'], fsGroupPolicy: 'None' },
  });
  const registry = join(place.dir, 'kubelet/plugins_registry');
  const socket = join(place.dir, `${name}.sock`);
  const process = await start(place, name, nodeBinary('csi-driver'), [registry, name, socket, shown]);
  const isKnown = async (): Promise<boolean> => {
    const node = await client.find<CsiNode>({ kind: 'CSINode', name: 'localhost' });
    return node?.spec.drivers?.some((driver) => driver.name === name) === true;
  };
  await waitFor(`the CSI driver ${name}`, isKnown, { ...READY_WITHIN, hopeless: () => endOf(name, process) });
}

interface CsiNode {
  readonly spec: { readonly drivers?: readonly { readonly name: string }[] };
}

interface NodeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function isReady(client: Client): Promise<boolean> {
  const node = await client.find<NodeObject>({ kind: 'Node', name: 'localhost' });
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

function endOf(name: string, process: GuardedProcess): Error | undefined {
  return process.exit() && new Error(`${name} ended: ${process.log().trimEnd().split('\n').slice(-15).join('\n')}`);
}
