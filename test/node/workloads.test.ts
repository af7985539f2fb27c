import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { ours } from '../support/injected-cluster.ts';
import { podOf, podsOf, recordOf, type Container, type Pod } from '../support/pod.ts';
import { busybox, type ImageOptions } from '../support/node/image.ts';
import { nodeBinary } from '../support/node/places.ts';
import { waitFor } from '../support/wait-for.ts';
import { namespaceOf, prepare, prepareVolume, rows, type Row } from './delivered.ts';
import { startInjectedNode, type InjectedNode } from './injected-node.ts';
import { imageOf } from './layouts.ts';
import { finishedPod, logsOf, runningPod } from './pods.ts';
import { recorded } from './results.ts';
import { sampleOf } from './sample.ts';
import { expectShown, isComplete, showing } from './shown.ts';

// Pods of each controller, and containers that are no usual target, by each delivery of each built-in profile.

const LEVEL = 'privileged';

let node: InjectedNode;
let client: Client;
beforeAll(async () => {
  node = await startInjectedNode();
  ({ client } = node);
  await prepare(node, { levels: [LEVEL], selected: [...new Set(selected.map(({ profile }) => profile))] });
  for (const image of new Map(selected.map((row) => [imageName(row), appImageOf(row)])).values())
    await node.addImage(image);
});
afterAll(() => node?.stop());

const imageName = ({ profile, delivery }: Row): string =>
  `localhost/${delivery.kind === 'preinstalled' ? 'preinstalled' : 'shows'}-${profile.name}:1`;

/** The script is in the image: a command with the name of an agent's file is that of a pod with an agent. */
function appImageOf(row: Row): ImageOptions {
  const files = row.delivery.kind === 'preinstalled' ? imageOf(row.profile).contents : busybox(nodeBinary('busybox'));
  return { name: imageName(row), contents: new Map([...files, ['/show', { text: showing(row.profile) }]]) };
}

/** A container that shows what it sees of the agent, and then ends or stays. */
function container(row: Row, name: string, rest: Readonly<Record<string, unknown>> = {}, isShort = false): Container {
  const show = 'set -e; sh /show';
  return { name, image: imageName(row), command: ['sh', '-c', isShort ? show : `${show}; sleep 3600`], ...rest };
}

/** Expects that a container of the pod has seen the agent. */
async function expectSeen({ profile }: Row, pod: Pod, name = 'app'): Promise<string> {
  const { namespace = '', name: podName = '' } = pod.metadata ?? {};
  const found = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((one) => one.name === name);
  if (!found) throw new Error(`no container ${name}`);
  // The kubelet may say that a container runs before its first line is in the log.
  const output = await waitFor(`the output of ${podName}`, async () => {
    const log = await logsOf(client, namespace, podName, name);
    return isComplete(log) && log;
  });
  return expectShown(profile, found, '0', output);
}

interface Form {
  readonly kind: string;
  readonly apiVersion: string;
  readonly isShort?: boolean;
  readonly spec: (template: object, labels: object) => object;
}

const usual = (template: object, labels: object): object => ({ selector: { matchLabels: labels }, template });
const CONTROLLERS: readonly Form[] = [
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

async function expectInController(row: Row, { kind, apiVersion, isShort = false, spec }: Form): Promise<string> {
  const namespace = namespaceOf(row.profile, LEVEL);
  const name = `${row.delivery.name}-${kind}`.toLowerCase();
  const labels = { app: name };
  const template = {
    metadata: { labels, annotations: ours({ delivery: row.delivery.name }) },
    spec: {
      terminationGracePeriodSeconds: 0,
      ...(isShort && { restartPolicy: 'Never' }),
      containers: [container(row, 'app', {}, isShort)],
    },
  };
  await client.create({ apiVersion, kind, metadata: { name, namespace }, spec: spec(template, labels) });
  try {
    if (kind === 'CronJob') await makeOverdue(namespace, name);
    const [pod] = await podsOf(client, { namespace, name }, 1);
    expect(recordOf(pod), 'the decision').toMatchObject({ decision: 'injected' });
    await (isShort ? finishedPod : runningPod)(client, namespace, pod.metadata?.name ?? '');
    return await expectSeen(row, pod);
  } finally {
    await client.delete({ kind, namespace, name });
  }
}

/** An overdue CronJob runs at once, instead of at the end of the minute. */
async function makeOverdue(namespace: string, name: string): Promise<void> {
  const lastScheduleTime = new Date(Date.now() - 120_000).toISOString().replace(/\.\d+/, '');
  await client.patch({ kind: 'CronJob', namespace, name }, { status: { lastScheduleTime } }, { subresource: 'status' });
}

async function expectInTargets(row: Row): Promise<string> {
  const namespace = namespaceOf(row.profile, LEVEL);
  const name = `targets-${row.delivery.name}`.toLowerCase();
  const annotations = ours({ delivery: row.delivery.name, containers: 'migrate,sidecar,app' });
  const spec = {
    terminationGracePeriodSeconds: 0,
    initContainers: [container(row, 'migrate', {}, true), container(row, 'sidecar', { restartPolicy: 'Always' })],
    containers: [container(row, 'app')],
  };
  const { object } = await client.create<Pod>(podOf(namespace, name, { annotations, spec }));
  expect(recordOf(object), 'the decision').toMatchObject({ decision: 'injected' });
  try {
    await runningPod(client, namespace, name);
    const signs = await Promise.all(['migrate', 'sidecar', 'app'].map((one) => expectSeen(row, object, one)));
    return [...new Set(signs)].join(', ');
  } finally {
    await client.delete({ kind: 'Pod', namespace, name });
  }
}

interface Check {
  readonly form: string;
  readonly run: (row: Row) => Promise<string>;
}

const CHECKS: readonly Check[] = [
  ...CONTROLLERS.map((form): Check => ({ form: form.kind, run: (row) => expectInController(row, form) })),
  { form: 'init container and native sidecar', run: expectInTargets },
];

const all = rows.flatMap((row) =>
  CHECKS.map((check) => ({ ...row, ...check, title: `${row.profile.name} by ${row.delivery.name}: ${check.form}` })),
);
// A prime, so that each day has every form.
const selected = sampleOf(all, 29);

describe('the agent is in pods of each form', () => {
  test.concurrent.each(selected)('$title', async ({ profile, delivery, form, run }) => {
    const common = { profile: profile.name, delivery: `${delivery.name}, ${form}`, user: '0' };
    await recorded(common, async () => {
      await prepareVolume(node, { profile, delivery });
      return run({ profile, delivery });
    });
  });
});
