import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Listener } from '../agents/listener.ts';
import { isFolder, runtimes } from '../agents/runtimes.ts';
import { agents, filesOf } from '../agents/table.ts';
import { ways } from '../agents/ways.ts';
import { busybox } from '../support/node/image.ts';
import { NODE_ADDRESS } from '../support/node/network.ts';
import { startNode, type Node } from '../support/node/node.ts';
import { isRequired, nodeBinary } from '../support/node/places.ts';
import { container, podsOf, recordOf } from '../support/pod.ts';
import { run } from '../support/process.ts';
import { waitFor } from '../support/wait-for.ts';
import { APP_IMAGE } from './injected-node.ts';
import { runningPod } from './pods.ts';
import { addAgentImage, type Case, expectAlive, imageNameOf } from './real-agents.ts';

// The main job without a server of ours: the exported policy of an agent that needs no license puts it into pods of a real node.

const PROFILE = 'elastic-java';
const NAMESPACE = 'policy';

const agent = agents().find(({ profile }) => profile === PROFILE);
const found = agent && runtimes.get(agent.runtime);
const way = ways.find(({ name }) => name === 'value');
const given: Case | undefined =
  agent && found?.ok && way && isFolder(filesOf(agent))
    ? { namespace: NAMESPACE, agent, runtime: found.runtime, way, delivery: 'image' }
    : undefined;

let node: Node;

async function cli(args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const { code, stdout, stderr } = await run([...args, '--kubeconfig', node.controlPlane.kubeconfigPath]);
  if (stdout === '') throw new Error(`${args.join(' ')} printed nothing: ${stderr}`);
  return { code, stdout };
}

test.skipIf(!isRequired)('the agent and its runtime are on this machine', () => {
  expect(given).toBeDefined();
});

describe.skipIf(given === undefined)('the policy of an agent on a real node', () => {
  beforeAll(async () => {
    if (!given) return;
    node = await startNode();
    await node.addImage({ name: APP_IMAGE, contents: busybox(nodeBinary('busybox')), command: ['sleep', '3600'] });
    await addAgentImage(node, given.agent);
    const image = `agent-image=${imageNameOf(given.agent)}`;
    const { code, stdout } = await cli([
      'export',
      'policy',
      '--profile',
      PROFILE,
      '--delivery',
      'image',
      '--param',
      image,
      '--verify',
    ]);
    if (code !== 0) throw new Error(`export policy --verify ended with ${code}:\n${stdout}`);
    await node.kubectl(['apply', '--server-side', '-f', '-'], stdout);
    await inForce();
  });
  afterAll(() => node?.stop());

  test('starts it: verify sees it alive', async () => {
    if (!given) return;
    const listener = await Listener.start(() => undefined, NODE_ADDRESS);
    try {
      expect(await expectAlive(node, given, listener)).toContain('verify: ');
    } finally {
      await listener.stop();
    }
  });

  test('in the pods of a Deployment, of which status, explain and audit tell the truth', async () => {
    const { client } = node;
    const labels = { app: 'web' };
    await client.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { terminationGracePeriodSeconds: 0, containers: [container('app', { image: APP_IMAGE })] },
        },
      },
    });
    const [pod] = await podsOf(client, { namespace: NAMESPACE, name: 'web' }, 1);
    const name = pod.metadata?.name ?? '';
    await runningPod(client, NAMESPACE, name);
    expect(recordOf(pod)).toMatchObject({ decision: 'injected', by: 'policy' });
    const target = ['-n', NAMESPACE];
    const status = await cli(['status', ...target]);
    expect(status).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Deployment\/web +1\/1 .*elastic-java/m) });
    const explained = await cli(['explain', `pod/${name}`, ...target]);
    expect(explained).toMatchObject({ code: 0, stdout: expect.stringMatching(/"by": "policy"/) });
    expect(explained.stdout).toMatch(/app by image/);
    expect(await cli(['audit', ...target])).toMatchObject({ code: 0 });
  });
});

/** Waits until the policy injects into a pod of a namespace of its own. */
async function inForce(): Promise<void> {
  const { client } = node;
  await client.createNamespace('probe', {
    labels: { 'agent-injector.io/injection': 'enabled' },
    annotations: {
      'agent-injector.io/profile': PROFILE,
      'agent-injector.io/apm-server-url': 'http://apm.example.com:8200',
    },
  });
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', namespace: 'probe' },
    spec: { containers: [container('web')] },
  };
  await waitFor(
    'the API server to apply the policy',
    async () => recordOf((await client.create<typeof pod>(pod, { dryRun: true })).object) !== undefined,
    { deadline: 120_000 },
  );
}
