import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client, KubeObject } from '../support/client.ts';
import { ours } from '../support/injected-cluster.ts';
import { podOf, podsOf, type Container, type Pod } from '../support/pod.ts';
import { createClaim } from './claims.ts';
import { APP_IMAGE, optedInAt, startInjectedNode, type InjectedNode } from './injected-node.ts';
import { agentImage, directoryOf, imageOf, layoutOf, profiles, textOf, writeFiles } from './layouts.ts';
import { finishedPod, logsOf, runningPod } from './pods.ts';
import { recorded } from './results.ts';

// The default profile in pods of each controller, and in containers that are no usual target.

const NAMESPACE = 'workloads';
const DELIVERIES = ['persistentVolumeClaim', 'image', 'initContainer'] as const;

const found = profiles.find(({ name }) => name === 'jennifer-dotnet');
if (!found) throw new Error('no profile jennifer-dotnet');
const profile = found;
const [file = ''] = layoutOf(profile).files;

let node: InjectedNode;
let client: Client;
beforeAll(async () => {
  node = await startInjectedNode();
  ({ client } = node);
  await node.addImage(imageOf(profile));
  const files = join(node.folder, 'files');
  writeFiles(profile, files);
  const settings = { 'server-address': 'jennifer.example.com', 'agent-image': agentImage(profile) };
  await client.createNamespace(NAMESPACE, optedInAt('privileged', settings));
  await createClaim(client, { namespace: NAMESPACE, name: 'my-agent-file', path: files });
});
afterAll(() => node?.stop());

/** A container that says what it sees of the agent, and then ends or stays. */
function container(name: string, rest: Readonly<Record<string, unknown>> = {}, isShort = false): Container {
  const show = `cat ${directoryOf(profile)}/${file}; echo; echo "$CORECLR_PROFILER_PATH"`;
  return { name, image: APP_IMAGE, command: ['sh', '-c', isShort ? show : `${show}; sleep 3600`], ...rest };
}

const SEEN = `${textOf(profile, file)}\n${directoryOf(profile)}/${file}\n`;

/** Expects that a container of the pod has seen the agent. */
async function expectSeen(pod: Pod, name = 'app'): Promise<void> {
  expect(await logsOf(client, NAMESPACE, pod.metadata?.name ?? '', name)).toBe(SEEN);
}

const metadata = (name: string): KubeObject['metadata'] & object => ({ name, namespace: NAMESPACE });

interface Kind {
  readonly kind: string;
  readonly apiVersion: string;
  readonly isShort?: boolean;
  readonly spec: (template: object, labels: object) => object;
}

const usual = (template: object, labels: object): object => ({ selector: { matchLabels: labels }, template });
const KINDS: readonly Kind[] = [
  { kind: 'Deployment', apiVersion: 'apps/v1', spec: usual },
  { kind: 'StatefulSet', apiVersion: 'apps/v1', spec: (...args) => ({ serviceName: 'app', ...usual(...args) }) },
  { kind: 'DaemonSet', apiVersion: 'apps/v1', spec: usual },
  { kind: 'Job', apiVersion: 'batch/v1', isShort: true, spec: (template) => ({ template }) },
  {
    kind: 'CronJob',
    apiVersion: 'batch/v1',
    isShort: true,
    spec: (template) => ({ schedule: '* * * * *', concurrencyPolicy: 'Forbid', jobTemplate: { spec: { template } } }),
  },
];

describe.each(DELIVERIES)('by %s', (delivery) => {
  test.concurrent.each(KINDS)('a pod of a $kind', async ({ kind, apiVersion, isShort = false, spec }) => {
    const name = `${kind}-${delivery}`.toLowerCase();
    const labels = { app: name };
    const template = {
      metadata: { labels, annotations: ours({ delivery }) },
      spec: {
        terminationGracePeriodSeconds: 0,
        ...(isShort && { restartPolicy: 'Never' }),
        containers: [container('app', {}, isShort)],
      },
    };
    await client.create({ apiVersion, kind, metadata: metadata(name), spec: spec(template, labels) });
    if (kind === 'CronJob') await makeOverdue(name);
    await recorded({ profile: profile.name, delivery: `${delivery}, ${kind}`, user: 'root' }, async () => {
      const [pod] = await podsOf(client, { namespace: NAMESPACE, name }, 1);
      await (isShort ? finishedPod : runningPod)(client, NAMESPACE, pod.metadata?.name ?? '');
      await expectSeen(pod);
      return SEEN;
    });
    await client.delete({ kind, namespace: NAMESPACE, name });
  });

  test.concurrent('an init container and a native sidecar that are named as targets', async () => {
    const name = `targets-${delivery}`.toLowerCase();
    const annotations = ours({ delivery, containers: 'migrate,sidecar,app' });
    const spec = {
      terminationGracePeriodSeconds: 0,
      initContainers: [container('migrate', {}, true), container('sidecar', { restartPolicy: 'Always' })],
      containers: [container('app')],
    };
    const { object } = await client.create<Pod>(podOf(NAMESPACE, name, { annotations, spec }));
    await recorded(
      { profile: profile.name, delivery: `${delivery}, init container and sidecar`, user: 'root' },
      async () => {
        await runningPod(client, NAMESPACE, name);
        for (const one of ['migrate', 'sidecar', 'app']) await expectSeen(object, one);
        return SEEN;
      },
    );
    await client.delete({ kind: 'Pod', namespace: NAMESPACE, name });
  });
});

/** An overdue CronJob runs at once, instead of at the end of the minute. */
async function makeOverdue(name: string): Promise<void> {
  const lastScheduleTime = new Date(Date.now() - 120_000).toISOString().replace(/\.\d+/, '');
  await client.patch(
    { kind: 'CronJob', namespace: NAMESPACE, name },
    { status: { lastScheduleTime } },
    { subresource: 'status' },
  );
}
