import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Client } from '../support/client.ts';
import { optedIn } from '../support/injected-cluster.ts';
import { review } from '../support/injector.ts';
import { instrumented, podOf, recordOf, type Pod } from '../support/pod.ts';
import { run, type Ended } from '../support/process.ts';
import { startReplicatedCluster, type ReplicatedCluster } from '../support/replicated-cluster.ts';
import { injects, issuedFlags, NAME, NAMESPACE, publishedBy, SERVERNAME, type Replica } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';

// `agent-injector stop` and `start`, with two replicas behind one Service and pods that are created all the time.

/** Reviews in a second that must be answered, and those that are sent: the schedule is kept whatever the answers take. */
const RATE = 200;
const SENT = 220;
/** To each replica. An API server sends all reviews on one connection; a new one for each would measure handshakes. */
const SOCKETS = 16;
const IN_FORCE_MS = 2000;

let cluster: ReplicatedCluster;
/** One for each replica, without the API server: it calls through one connection for a long time. */
let callers: readonly Client[];

beforeAll(async () => {
  cluster = await startReplicatedCluster();
  await cluster.createConfiguration('plain');
  for (let count = 0; count < 2; count++) {
    const flags = { ...issuedFlags, switch: `${NAMESPACE}/${NAME}-switch` };
    const replica = await cluster.startReplica({ flags });
    await replica.ready();
  }
  await cluster.balancer.follow(cluster.replicas);
  await waitFor('a pod with the agent', () => injects(cluster.client, 'open'));
  const [ca = ''] = await publishedBy(cluster.client);
  callers = cluster.replicas.map(
    ({ port }) =>
      new Client({ url: `https://127.0.0.1:${port}`, ca, token: '', servername: SERVERNAME, maxSockets: SOCKETS }),
  );
});
afterAll(() => cluster?.stop());

const cli = (...args: readonly string[]): Promise<Ended> =>
  run([...args, '--kubeconfig', cluster.controlPlane.kubeconfigPath]);

/** Runs a command that succeeds, and returns what it prints. */
async function succeed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

interface Made {
  readonly at: number;
  readonly answeredAt: number;
  readonly injected: boolean;
}

/** Requests that the API server may have at a time: for each it opens a connection to a replica. */
const MAX_OF_API_SERVER = 8;

let ofApiServer = 0;

/** Of ten pods, the API server asks about one, and each replica is asked about its share of the others: an API server costs more than ten reviews. */
async function injectsNext(namespace: string, number: number): Promise<boolean> {
  const caller = callers[number % callers.length];
  if (caller && (number % 10 > 0 || ofApiServer >= MAX_OF_API_SERVER)) {
    const { patch } = await review(caller, namespace, podOf(namespace, `direct-${number}`));
    return patch.some(({ path }) => path.startsWith('/spec/'));
  }
  ofApiServer += 1;
  try {
    return await injects(cluster.client, namespace);
  } finally {
    ofApiServer -= 1;
  }
}

/** With more questions without an answer, the next ones wait, to be sent as soon as they can: a machine that stands still for a moment catches up. */
const MAX_PENDING = 2 * SENT;

/** Asks about pods at a steady rate, until `end` is called or the test ends. It does not wait for answers: a slow server gets no fewer reviews. */
function startPods(namespace: string) {
  const made: Made[] = [];
  const failures: string[] = [];
  const pending = new Set<Promise<void>>();
  const startedAt = performance.now();
  let begun = 0;
  const send = async (number: number): Promise<void> => {
    const at = performance.now();
    try {
      const injected = await injectsNext(namespace, number);
      made.push({ at, answeredAt: performance.now(), injected });
    } catch (error) {
      failures.push(String(error));
    }
  };
  const sendDue = (): void => {
    const due = ((performance.now() - startedAt) * SENT) / 1000;
    for (; begun < due; begun++) {
      if (pending.size >= MAX_PENDING) return;
      const sent = send(begun).finally(() => pending.delete(sent));
      pending.add(sent);
    }
  };
  const timer = setInterval(sendDue, 5);
  const end = async (): Promise<readonly string[]> => {
    clearInterval(timer);
    await Promise.all(pending);
    return failures;
  };
  onTestFinished(() => void end());
  return { made: (): readonly Made[] => made, end };
}

const metricOfEach = (mode: string): Promise<readonly number[]> =>
  Promise.all(
    cluster.replicas.map((replica: Replica) => replica.metric('agent_injector_injection_mode', `{mode="${mode}"}`)),
  );

test.each(['open', 'closed'])(
  `no pod of namespace "%s" is injected later than ${IN_FORCE_MS} ms after stop, by either replica`,
  async (namespace) => {
    const pods = startPods(namespace);
    await waitFor('pods of both replicas', () => pods.made().filter(({ injected }) => injected).length > RATE);
    const text = await succeed('stop', '--reason', 'INC-123');
    const stoppedAt = performance.now();
    expect(text).toContain('kubectl agent-injector start');
    const until = stoppedAt + IN_FORCE_MS + 2000;
    await waitFor('pods after the stop', () => pods.made().some(({ at }) => at > until));
    expect(await metricOfEach('off')).toEqual([1, 1]);
    const startedAt = performance.now();
    await succeed('start');
    await waitFor('pods with the agent again', () =>
      pods.made().some(({ at, injected }) => injected && at > startedAt),
    );
    expect(await pods.end()).toEqual([]);
    // One that was answered later may be of the time after `start`.
    const between = pods.made().filter(({ at, answeredAt }) => at > stoppedAt && answeredAt < startedAt);
    const late = between.filter(({ at, injected }) => injected && at > stoppedAt + IN_FORCE_MS);
    const last = Math.max(0, ...between.filter(({ injected }) => injected).map(({ at }) => at - stoppedAt));
    const rate = (between.length * 1000) / (startedAt - stoppedAt);
    console.log(
      `${namespace}: ${between.length} reviews while stopped, ${Math.round(rate)}/s; the last with an agent began ${Math.round(last)} ms after stop had ended`,
    );
    expect(rate).toBeGreaterThanOrEqual(RATE);
    expect(late).toEqual([]);
  },
  60_000,
);

test('a stopped pod has the reason in its record and its warning, and a replica that starts is stopped, too', async () => {
  await succeed('stop', '--reason', 'INC-123');
  await waitFor('both replicas to stop', async () => (await metricOfEach('off')).every((value) => value === 1));
  const { object, warnings } = await cluster.client.create<Pod>(podOf('closed', 'during'));
  expect(instrumented(object)).toEqual([]);
  expect(recordOf(object)).toMatchObject({ decision: 'skipped', reason: 'suspended' });
  expect(warnings.join()).toContain('INC-123');
  const fresh = await cluster.startReplica({ flags: { ...issuedFlags, switch: `${NAMESPACE}/${NAME}-switch` } });
  await fresh.ready();
  expect(await fresh.metric('agent_injector_injection_mode', '{mode="off"}')).toBe(1);
  expect((await fresh.ask('/readyz')).text).toContain('INC-123');
  await fresh.stop();
  cluster.replicas.pop();
  await succeed('start');
  await waitFor('a pod with the agent', () => injects(cluster.client, 'closed'));
});

test('a namespace and a profile are stopped by themselves, and start leaves the others stopped', async () => {
  await cluster.client.createNamespace('quiet', optedIn());
  await waitFor('a pod with the agent', () => injects(cluster.client, 'quiet'));
  await succeed('stop', '-n', 'quiet');
  await waitFor('the namespace to stop', async () => !(await injects(cluster.client, 'quiet')));
  expect(await injects(cluster.client, 'open')).toBe(true);
  const undo = await succeed('stop', '--profile', 'jennifer-dotnet');
  expect(undo).toContain('start --profile jennifer-dotnet');
  await waitFor('the profile to stop', async () => !(await injects(cluster.client, 'open')));
  await succeed('start', '-n', 'quiet');
  expect(await injects(cluster.client, 'quiet')).toBe(false);
  await succeed('start', '--profile', 'jennifer-dotnet');
  for (const namespace of ['open', 'quiet'])
    await waitFor(`namespace ${namespace} to start`, () => injects(cluster.client, namespace));
});

test('what cannot be stopped is an error that says why', async () => {
  expect(await cli('stop', '-n', 'nowhere')).toMatchObject({ code: 3, stderr: expect.stringContaining('nowhere') });
  expect(await cli('stop', '--revision', 'nowhere')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('--switch'),
  });
  expect(await cli('stop', '--profile', 'Not A Name')).toMatchObject({ code: 2 });
  expect(await cli('stop', '-n', 'open', '--mode', 'dry-run')).toMatchObject({ code: 2 });
  expect(await succeed('start')).toContain('started');
});
