import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { chart, NAMESPACE, root } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { startNode, type Node } from '../support/node/node.ts';
import { injects } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  createClosedNamespace,
  DEPLOYMENT,
  expectNoneLost,
  installWithHelm,
  loadOn,
  moreOf,
  rolledOut,
  rowOf,
  runHelm,
  uninstallWithHelm,
} from './installed.ts';
import type { RunningPod } from './pods.ts';
import { productImage, REPOSITORY } from './product.ts';
import { record } from './results.ts';

// The product as its users have it: an image of what the Dockerfile copies, installed by the commands of README.md. It runs in pods of its own
// ServiceAccount, and the API server reaches it by its Service.

const COMMAND_LINE = '/nodejs/bin/node\0/app/agent-injector.js\0serve\0';

let node: Node;
let client: Client;
beforeAll(async () => {
  node = await startNode();
  client = node.client;
  await node.addImage(productImage());
  await createClosedNamespace(client);
});
afterAll(() => node?.stop());

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
    install: () => installWithHelm(node, chart),
    uninstall: () => uninstallWithHelm(node),
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

/** The process of one of the replicas, as this machine sees it. One that was deleted by force may still be draining: the kubelet would not start it again. */
async function pidOfReplica(): Promise<number> {
  const hosts = (await replicas()).map(({ metadata }) => `HOSTNAME=${metadata?.name}\0`);
  const found = readdirSync('/proc').find((entry) => {
    try {
      if (!/^\d+$/.test(entry) || !readFileSync(`/proc/${entry}/cmdline`, 'utf8').startsWith(COMMAND_LINE))
        return false;
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8');
      return hosts.some((host) => environment.includes(host));
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

/** The time between the first and the last failure, each of which begins with its time. */
function periodOf(failures: readonly string[]): number {
  const times = failures.map((text) => Date.parse(text.split(' ', 1)[0] ?? ''));
  return times.length === 0 ? 0 : Math.max(...times) - Math.min(...times);
}

describe.each(installations)('installed by $name', ({ name, install, uninstall }) => {
  test('two replicas become ready, and a pod gets its agent', async () => {
    await install();
    await rolledOut(node);
    await waitFor('a pod with the agent', () => injects(client), { deadline: 60_000 });
    expect(await replicas()).toHaveLength(2);
  });

  test.runIf(name === 'helm')('helm test succeeds', async () => {
    expect(await runHelm(node, 'test', 'agent-injector', '--timeout', '120s')).toMatch(/Phase:\s+Succeeded/);
  });

  test('a rollout restart loses no pod', async () => {
    const restart = async (): Promise<void> => {
      await node.kubectl(['rollout', 'restart', DEPLOYMENT, '--namespace', NAMESPACE]);
      await rolledOut(node);
    };
    await expectNoneLost(client, `rollout restart, ${name}`, restart);
  });

  test.runIf(name === 'helm')('a replica that is deleted by force loses no pod', async () => {
    const [one] = await replicas();
    const ref = { kind: 'Pod', namespace: NAMESPACE, name: one?.metadata?.name ?? '' };
    const deleteByForce = async (): Promise<void> => {
      await client.delete(ref);
      await rolledOut(node);
    };
    await expectNoneLost(client, 'replica deleted by force', deleteByForce);
  });

  test.runIf(name === 'helm')('a replica that ends by SIGKILL lets no pod in without the agent', async () => {
    const load = await loadOn(client);
    process.kill(await pidOfReplica(), 'SIGKILL');
    await waitFor('the replica to be started again', hasRestarted, { deadline: 120_000 });
    // Until the kubelet reports its end, calls to it fail, and the API server does not try another replica.
    const lost = load.failures().length;
    await moreOf(load, 300);
    const failures = await load.end();
    expect(failures.slice(lost)).toEqual([]);
    for (const failure of failures) expect(failure).toContain('failed calling webhook');
    const kinds = [...new Set(failures.map((text) => text.split(': ').at(-1)))].join(', ');
    const sign = `${lost} of ${load.made()} required pods refused, within ${periodOf(failures)} ms: ${kinds}`;
    record({ ...rowOf('replica ended by SIGKILL'), result: 'known failure', sign });
  });

  test.runIf(name === 'helm')('a restart of the kubelet loses no pod', async () => {
    await expectNoneLost(client, 'kubelet restarted', node.restartKubelet);
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
