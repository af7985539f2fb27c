import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Client, KubeObject } from '../support/client.ts';
import { ours } from '../support/injected-cluster.ts';
import { podOf, recordOf, type Pod } from '../support/pod.ts';
import { start, type Ended, type Started } from '../support/process.ts';
import { waitFor } from '../support/wait-for.ts';
import { APP_IMAGE, startInjectedNode, type InjectedNode } from './injected-node.ts';

// `rollout run` over pods that run: the number at a time, a crash, a mend, a run that is killed, and budgets.

const AT_A_TIME = 3;
const CRASHING = 'app-05';
const names = Array.from({ length: 12 }, (_, index) => `app-${String(index).padStart(2, '0')}`);

let node: InjectedNode;
let client: Client;
let flags: readonly string[];
beforeAll(async () => {
  node = await startInjectedNode();
  ({ client } = node);
  const config = join(node.folder, 'config.yaml');
  writeFileSync(config, 'tenancy: open\n');
  flags = ['--yes', '--settle', '3s', '--config', config, '--kubeconfig', node.controlPlane.kubeconfigPath];
});
afterAll(() => node?.stop());

const rollout = (namespace: string, ...args: readonly string[]): Started =>
  start(['rollout', 'run', '-n', namespace, ...flags, ...args]);

interface Controller extends KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly generation: number;
    readonly annotations?: Record<string, string>;
  };
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

const sleeping = ['sleep', '3600'];
/** Crashes as soon as it has the agent's variables. */
const crashing = ['sh', '-c', 'test -z "$ARIES_DOMAIN_ID" || exit 3; exec sleep 3600'];

function controller(
  kind: string,
  namespace: string,
  name: string,
  { command = sleeping, replicas = 1 } = {},
): KubeObject {
  const labels = { app: name };
  const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: APP_IMAGE, command }] };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      ...(kind !== 'DaemonSet' && { replicas }),
      ...(kind === 'StatefulSet' && { serviceName: name }),
      template: { metadata: { labels }, spec },
    },
  };
}

/** A namespace whose pods run without an agent, and are to get one. */
async function lateNamespace(namespace: string, all: readonly KubeObject[]): Promise<void> {
  const annotations = ours({ 'server-address': 'jennifer.example.com', delivery: 'preinstalled' });
  await client.createNamespace(namespace, { annotations });
  for (const one of all) await client.create(one);
  await waitFor(
    `${all.length} workloads`,
    async () => {
      const pods = await client.list<Pod & { status?: { phase?: string } }>({ kind: 'Pod', namespace });
      return pods.length >= all.length && pods.every(({ status }) => status?.phase === 'Running');
    },
    { deadline: 90_000 },
  );
  await client.patch({ kind: 'Namespace', name: namespace }, { metadata: { labels: ours({ injection: 'enabled' }) } });
  await waitFor('a pod with the agent', async () => {
    const { object } = await client.create<Pod>(podOf(namespace, 'probe'), { dryRun: true });
    return recordOf(object) !== undefined;
  });
}

const deployments = (namespace: string): Promise<readonly Controller[]> =>
  client.list<Controller>({ kind: 'Deployment', namespace });

const isBegun = ({ metadata }: Controller): boolean =>
  metadata.annotations?.['agent-injector.io/restarted-at'] !== undefined;

function isComplete({ metadata, spec, status = {} }: Controller): boolean {
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const wanted = spec.replicas ?? 1;
  return (
    observedGeneration >= metadata.generation &&
    updatedReplicas === wanted &&
    replicas === wanted &&
    availableReplicas === wanted
  );
}

/** Looks again and again, until the returned function is called or the test ends. */
function watching(look: () => Promise<void>): () => Promise<void> {
  const ending = new AbortController();
  const loop = (async () => {
    while (!ending.signal.aborted) {
      await look();
      await delay(100);
    }
  })();
  const end = (): Promise<void> => {
    ending.abort();
    return loop;
  };
  onTestFinished(end);
  return end;
}

async function carrying(namespace: string): Promise<number> {
  const pods = await client.list<Pod>({ kind: 'Pod', namespace });
  return pods.filter(
    (pod) => !pod.metadata?.['deletionTimestamp'] && JSON.stringify(recordOf(pod) ?? '').includes('"injected"'),
  ).length;
}

const begunIn = async (namespace: string): Promise<readonly string[]> =>
  (await deployments(namespace)).filter(isBegun).map(({ metadata }) => metadata.name);

test('a run goes on where it was killed, stops at the first crash, and goes on after the mend', async () => {
  const all = names.map((name) =>
    controller('Deployment', 'fleet', name, name === CRASHING ? { command: crashing } : {}),
  );
  await lateNamespace('fleet', all);
  let most = 0;
  const end = watching(async () => {
    const inProgress = (await deployments('fleet')).filter((one) => isBegun(one) && !isComplete(one));
    most = Math.max(most, inProgress.length);
  });
  const run = (): Started => rollout('fleet', '--at-a-time', String(AT_A_TIME));

  const killed = run();
  let output = '';
  killed.child.stdout?.on('data', (text: string) => (output += text));
  await waitFor('two complete workloads', () => (output.match(/^complete /gm) ?? []).length >= 2, { deadline: 60_000 });
  killed.child.kill('SIGKILL');
  await killed.ended;
  const before = await begunIn('fleet');
  expect(before.length).toBeGreaterThanOrEqual(2);
  expect(before.length).toBeLessThan(names.length);

  const stopped: Ended = await run().ended;
  expect(stopped).toMatchObject({ code: 1, stderr: '' });
  expect(stopped.stdout).toMatch(new RegExp(`^stopped at +fleet/Deployment/${CRASHING}: .*exit code 3`, 'm'));
  const begun = await begunIn('fleet');
  expect(begun).toEqual(expect.arrayContaining([...before, CRASHING]));
  expect(begun.length).toBeLessThan(names.length);

  // Nothing is mended, so nothing else is begun with.
  expect(await run().ended).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`stopped at  fleet/Deployment/${CRASHING}`),
  });
  expect(await begunIn('fleet')).toEqual(begun);

  const containers = [{ name: 'app', image: APP_IMAGE, command: sleeping }];
  await client.patch(
    { kind: 'Deployment', namespace: 'fleet', name: CRASHING },
    { spec: { template: { spec: { containers } } } },
  );
  await waitFor('the mended one', async () =>
    isComplete(await client.get<Controller>({ kind: 'Deployment', namespace: 'fleet', name: CRASHING })),
  );
  const last = await run().ended;
  expect(last).toMatchObject({ code: 0, stderr: '' });
  await end();
  expect(most).toBe(AT_A_TIME);
  expect(await carrying('fleet')).toBe(names.length);
  // Each was restarted once, by whichever run; the mend is a change of its own.
  const generations = (await deployments('fleet')).map(({ metadata }) => [metadata.name, metadata.generation]);
  expect(generations).toEqual(names.map((name) => [name, name === CRASHING ? 3 : 2]));
  const nothing = await run().ended;
  expect(nothing).toMatchObject({ code: 0, stdout: expect.not.stringContaining('Deployment/') });
}, 300_000);

test('other kinds are restarted, and with --mode evict a budget holds and no template changes', async () => {
  const db = controller('StatefulSet', 'careful', 'db', { replicas: 2 });
  await lateNamespace('careful', [
    db,
    controller('DaemonSet', 'careful', 'logs'),
    controller('Deployment', 'careful', 'web', { replicas: 2 }),
  ]);
  await client.create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'careful' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  await waitFor('the budget to count', async () => {
    const budget = await client.get<{ status?: { disruptionsAllowed?: number } }>({
      kind: 'PodDisruptionBudget',
      namespace: 'careful',
      name: 'web',
    });
    return budget.status?.disruptionsAllowed === 1;
  });
  let least = Infinity;
  const end = watching(async () => {
    const web = await client.get<Controller>({ kind: 'Deployment', namespace: 'careful', name: 'web' });
    least = Math.min(least, web.status?.availableReplicas ?? 0);
  });
  const evicted = await rollout('careful', '--mode', 'evict', '--at-a-time', '3').ended;
  await end();
  expect(evicted).toMatchObject({ code: 0, stderr: '' });
  expect(least).toBe(1);
  expect(await carrying('careful')).toBe(5);
  const all = [
    ...(await deployments('careful')),
    ...(await client.list<Controller>({ kind: 'StatefulSet', namespace: 'careful' })),
    ...(await client.list<Controller>({ kind: 'DaemonSet', namespace: 'careful' })),
  ];
  expect(all.map(({ metadata }) => metadata.generation)).toEqual([1, 1, 1]);

  // Left over: the namespace opts out, and a restart takes the agent away.
  await client.patch(
    { kind: 'Namespace', name: 'careful' },
    { metadata: { labels: { 'agent-injector.io/injection': null } } },
  );
  const restarted = await rollout('careful', '--at-a-time', '3').ended;
  expect(restarted).toMatchObject({ code: 0, stderr: '' });
  expect(await carrying('careful')).toBe(0);
}, 180_000);
