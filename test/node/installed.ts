import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { NAMESPACE } from '../support/chart.ts';
import type { Client } from '../support/client.ts';
import { helm } from '../support/deploy-tools.ts';
import { ours } from '../support/injected-cluster.ts';
import type { Node } from '../support/node/node.ts';
import { claimIn } from '../support/pod.ts';
import { startLoad } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';
import { REPOSITORY } from './product.ts';
import { recorded } from './results.ts';

const run = promisify(execFile);
const WORKERS = 8;
export const DEPLOYMENT = 'deployment/agent-injector';

/** Creates the namespace `closed`, which requires an agent, with its claim. */
export async function createClosedNamespace(client: Client): Promise<void> {
  const annotations = ours({ 'server-address': 'jennifer.example.com' });
  await client.createNamespace('closed', { labels: ours({ injection: 'required' }), annotations });
  await client.create(claimIn('closed'));
}

export async function runHelm({ controlPlane }: Node, ...args: readonly string[]): Promise<string> {
  if (helm === undefined) throw new Error('there is no helm: test/e2e/tools/build DIR builds one, and HELM names it');
  const all = ['--kubeconfig', controlPlane.kubeconfigPath, '--namespace', NAMESPACE, ...args];
  return (await run(helm, all, { maxBuffer: 1 << 26 })).stdout;
}

/** As README.md says: a namespace that enforces Pod Security, and the release with the image that the node has. */
export async function installWithHelm(node: Node, chart: string, tag = ''): Promise<string> {
  if (!(await node.client.find({ kind: 'Namespace', name: NAMESPACE })))
    await node.client.createNamespace(NAMESPACE, { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } });
  const image = { repository: REPOSITORY, tag };
  const values = Object.entries(image).flatMap(([name, value]) => ['--set-string', `image.${name}=${value}`]);
  const wait = ['--wait', '--timeout', '180s'];
  return runHelm(node, 'upgrade', '--install', 'agent-injector', chart, ...values, ...wait);
}

export async function uninstallWithHelm(node: Node): Promise<void> {
  const names = ['agent-injector', 'zz-agent-injector'];
  await node.kubectl(['delete', 'mutatingwebhookconfiguration', '--ignore-not-found', ...names]);
  await runHelm(node, 'uninstall', 'agent-injector', '--wait');
  await node.kubectl(['delete', 'namespace', NAMESPACE]);
}

export const rolledOut = (node: Node): Promise<string> =>
  node.kubectl(['rollout', 'status', DEPLOYMENT, '--namespace', NAMESPACE, '--timeout=180s']);

type Load = ReturnType<typeof startLoad>;

export async function moreOf(load: Load, count: number): Promise<void> {
  const before = load.made();
  await waitFor(`${count} pods`, () => load.made() >= before + count, { deadline: 120_000 });
}

/** Starts to create pods in a namespace that requires the agent, and resolves when the load runs. */
export async function loadOn(client: Client): Promise<Load> {
  const load = startLoad(client, WORKERS);
  await moreOf(load, 100);
  return load;
}

/** The row of the product in the table of results. `what` was done to it while pods were created. */
export const rowOf = (what: string) => ({ profile: 'agent-injector', delivery: what, user: '65532' });

/** Pods are created in a namespace that requires the agent, before, during and after the disturbance. Expects that each gets its agent. */
export async function expectNoneLost(client: Client, what: string, disturb: () => Promise<unknown>): Promise<void> {
  await recorded(rowOf(what), async () => {
    const load = await loadOn(client);
    await disturb();
    await moreOf(load, 300);
    expect(await load.end()).toEqual([]);
    return `none lost of ${load.made()} required pods`;
  });
}
