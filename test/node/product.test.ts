import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { chart, NAMESPACE, root } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { helm } from '../support/deploy-tools.ts';
import { ours } from '../support/injected-cluster.ts';
import { startNode, type Node } from '../support/node/node.ts';
import { claimIn } from '../support/pod.ts';
import { injects, startLoad } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';
import type { RunningPod } from './pods.ts';
import { productImage, REPOSITORY } from './product.ts';

// The product as its users have it: an image of what the Dockerfile copies, installed by the commands of README.md. It runs in pods of its own
// ServiceAccount, and the API server reaches it by its Service.

const run = promisify(execFile);
const WORKERS = 8;
const DEPLOYMENT = 'deployment/agent-injector';
const COMMAND_LINE = '/nodejs/bin/node\0/app/agent-injector.js\0serve\0';

let node: Node;
let client: Client;
beforeAll(async () => {
  node = await startNode();
  client = node.client;
  await node.addImage(productImage());
  const annotations = ours({ 'server-address': 'jennifer.example.com' });
  await client.createNamespace('closed', { labels: ours({ injection: 'required' }), annotations });
  await client.create(claimIn('closed'));
});
afterAll(() => node?.stop());

async function runHelm(...args: readonly string[]): Promise<string> {
  if (helm === undefined) throw new Error('there is no helm: test/e2e/tools/build DIR builds one, and HELM names it');
  const all = ['--kubeconfig', node.controlPlane.kubeconfigPath, '--namespace', NAMESPACE, ...args];
  return (await run(helm, all, { maxBuffer: 1 << 26 })).stdout;
}

const rolledOut = (): Promise<string> =>
  node.kubectl(['rollout', 'status', DEPLOYMENT, '--namespace', NAMESPACE, '--timeout=180s']);

/** Everything of ours that a cluster can have, namespaced or not, by `KIND NAMESPACE/NAME`. */
async function leftOvers(): Promise<readonly string[]> {
  const kinds = (await node.kubectl(['api-resources', '--verbs=list', '--output=name'])).trim().split('\n');
  const objects = await node.kubectl([
    'get',
    kinds.join(','),
    '--all-namespaces',
    '--ignore-not-found',
    '--output=json',
  ]);
  return (JSON.parse(objects) as { readonly items: readonly KubeObject[] }).items
    .filter(({ kind }) => kind !== 'Event')
    .map(({ kind, metadata }) => `${kind} ${metadata?.namespace ?? ''}/${metadata?.name}`)
    .filter((text) => text.includes('agent-injector'));
}

interface Installation {
  readonly name: string;
  readonly install: () => Promise<unknown>;
  readonly uninstall: () => Promise<unknown>;
}

const installations: readonly Installation[] = [
  {
    name: 'helm',
    install: () =>
      runHelm(
        'upgrade',
        '--install',
        'agent-injector',
        chart,
        '--create-namespace',
        '--set',
        `image.repository=${REPOSITORY}`,
        '--wait',
        '--timeout',
        '180s',
      ),
    uninstall: async () => {
      await node.kubectl(['delete', 'mutatingwebhookconfiguration', 'zz-agent-injector']);
      await runHelm('uninstall', 'agent-injector', '--wait');
      await node.kubectl(['delete', 'namespace', NAMESPACE]);
    },
  },
  {
    name: 'install.yaml',
    install: () => {
      const text = readFileSync(join(root, 'deploy/install.yaml'), 'utf8');
      return node.kubectl(
        ['apply', '--filename=-'],
        text.replaceAll('image: "agent-injector:', `image: "${REPOSITORY}:`),
      );
    },
    uninstall: () => uninstallWithKubectl(['--filename', join(root, 'deploy/install.yaml')]),
  },
  {
    name: 'kustomize',
    install: () => node.kubectl(['apply', '--kustomize', overlay()]),
    uninstall: () => uninstallWithKubectl(['--kustomize', overlay()]),
  },
];

async function uninstallWithKubectl(what: readonly string[]): Promise<void> {
  await node.kubectl(['delete', 'mutatingwebhookconfiguration', 'zz-agent-injector']);
  await node.kubectl(['delete', '--ignore-not-found', ...what]);
}

/** The base with the image that the node has. */
function overlay(): string {
  const folder = join(node.folder, 'overlay');
  mkdirSync(folder, { recursive: true });
  const base = relative(folder, join(root, 'deploy/kustomize/base'));
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    stringify({ resources: [base], images: [{ name: 'agent-injector', newName: REPOSITORY }] }),
  );
  return folder;
}

const replicas = async (): Promise<readonly KubeObject[]> =>
  (await client.list({ kind: 'Pod', namespace: NAMESPACE })).filter(({ metadata }) => !metadata?.['deletionTimestamp']);

/** The process of one of the replicas, as this machine sees it. */
function pidOfReplica(): number {
  const found = readdirSync('/proc').find((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').startsWith(COMMAND_LINE);
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('no replica runs');
  return Number(found);
}

/** True if the kubelet has started a container again, and all replicas are ready. */
async function hasRestarted(): Promise<boolean> {
  const pods = await client.list<RunningPod>({ kind: 'Pod', namespace: NAMESPACE });
  const containers = pods.flatMap(({ status }) => status?.containerStatuses ?? []);
  return containers.every(({ ready }) => ready) && containers.some(({ restartCount }) => restartCount > 0);
}

type Load = ReturnType<typeof startLoad>;

async function moreOf(load: Load, count: number): Promise<void> {
  const before = load.made();
  await waitFor(`${count} pods`, () => load.made() >= before + count, { deadline: 120_000 });
}

/** Pods are created in a namespace that requires the agent, before, during and after the disturbance. Returns the failures. */
async function underLoad(disturb: () => Promise<unknown>): Promise<readonly string[]> {
  const load = startLoad(client, WORKERS);
  await moreOf(load, 100);
  await disturb();
  await moreOf(load, 300);
  return load.end();
}

describe.each(installations)('installed by $name', ({ name, install, uninstall }) => {
  test('two replicas become ready, and a pod gets its agent', async () => {
    await install();
    await rolledOut();
    await waitFor('a pod with the agent', () => injects(client), { deadline: 60_000 });
    expect(await replicas()).toHaveLength(2);
  });

  test.runIf(name === 'helm')('helm test succeeds', async () => {
    expect(await runHelm('test', 'agent-injector', '--timeout', '120s')).toMatch(/Phase:\s+Succeeded/);
  });

  test('a rollout restart loses no pod', async () => {
    const restart = async (): Promise<void> => {
      await node.kubectl(['rollout', 'restart', DEPLOYMENT, '--namespace', NAMESPACE]);
      await rolledOut();
    };
    expect(await underLoad(restart)).toEqual([]);
  });

  test.runIf(name === 'helm')('a replica that is deleted by force loses no pod', async () => {
    const [one] = await replicas();
    const ref = { kind: 'Pod', namespace: NAMESPACE, name: one?.metadata?.name ?? '' };
    const deleteByForce = async (): Promise<void> => {
      await client.delete(ref);
      await rolledOut();
    };
    expect(await underLoad(deleteByForce)).toEqual([]);
  });

  test.runIf(name === 'helm')('a replica that ends by SIGKILL lets no pod in without the agent', async () => {
    const load = startLoad(client, WORKERS);
    await moreOf(load, 100);
    process.kill(pidOfReplica(), 'SIGKILL');
    await waitFor('the replica to be started again', hasRestarted, { deadline: 120_000 });
    // Until the kubelet reports its end, calls to it fail, and the API server does not try another replica.
    const lost = load.failures().length;
    await moreOf(load, 300);
    const failures = await load.end();
    expect(failures.slice(lost)).toEqual([]);
    for (const failure of failures) expect(failure).toContain('failed calling webhook');
  });

  test.runIf(name === 'helm')('a restart of the kubelet loses no pod', async () => {
    expect(await underLoad(node.restartKubelet)).toEqual([]);
    expect(await replicas()).toHaveLength(2);
  });

  test('nothing is left when it is uninstalled', async () => {
    await uninstall();
    await waitFor(
      'everything to be gone',
      async () => {
        const left = await leftOvers();
        if (left.length > 0) throw new Error(left.join(', '));
        return true;
      },
      { deadline: 90_000, interval: 1000 },
    );
  });
});
