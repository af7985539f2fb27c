import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { optedIn } from '../support/injected-cluster.ts';
import { podOf } from '../support/pod.ts';
import { startReplica, type Replica } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';
import { FaultyApi, kubeconfig } from '../support/faulty-api.ts';
import { figure } from './figure.ts';
import { startPacedLoad } from './paced-load.ts';
import { SHOP } from './shop.ts';

// `kubectl rollout restart` of two replicas behind one Service, as the chart configures it: a new replica starts before an old one stops
// (maxSurge 1, maxUnavailable 0).

const RESTARTS = process.env['FAULTS_LONG'] === '1' ? 10 : 3;
const PER_SECOND = 500;
const DRAIN_SECONDS = 5;

let dir: string;
let ca: string;
let balancer: Balancer;
const api = new FaultyApi();
const replicas: Replica[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-rolling-'));
  const issued = await issueServerCertificate(['localhost', '127.0.0.1'], new Date());
  for (const [name, text] of Object.entries({ 'tls.crt': issued.cert, 'tls.key': issued.key, 'ca.crt': issued.ca })) {
    writeFileSync(join(dir, name), text);
  }
  ({ ca } = issued);
  await api.start();
  const { labels, annotations } = optedIn({ 'domain-id': '1000' });
  api.put(SHOP, annotations, labels);
  const server = `http://127.0.0.1:${api.port}`;
  writeFileSync(join(dir, 'kubeconfig'), kubeconfig(server, { 'insecure-skip-tls-verify': true }, { token: 'secret' }));
  balancer = await startBalancer();
  await start();
  await start();
});
afterAll(async () => {
  for (const replica of replicas) await replica.stop();
  balancer?.close();
  await api.kill();
  rmSync(dir, { recursive: true, force: true });
});

/** Adds a replica to the Service once it is ready. */
async function start(): Promise<void> {
  const flags = { 'tls-dir': dir, kubernetes: '1.36', 'drain-seconds': String(DRAIN_SECONDS) };
  const replica = await startReplica({ kubeconfigPath: join(dir, 'kubeconfig'), flags });
  replicas.push(replica);
  await replica.ready();
  await balancer.follow(replicas);
}

/** Stops the oldest replica like the kubelet. The balancer notices it by its readiness probe. */
async function end(): Promise<void> {
  const [oldest] = replicas;
  if (!oldest) throw new Error('no replica');
  oldest.process.signal('SIGTERM');
  expect(await oldest.process.exited).toEqual({ code: 0, signal: null });
  replicas.shift();
  await balancer.follow(replicas);
  await oldest.stop();
}

test(
  `${RESTARTS} rolling restarts of two replicas under ${PER_SECOND} reviews/s fail no review`,
  async () => {
    const load = startPacedLoad({
      port: balancer.port,
      ca,
      perSecond: PER_SECOND,
      pod: (index) => podOf(SHOP, `web-${index}`),
    });
    await waitFor('the full pace of the load', () => load.sent() >= 4 * PER_SECOND);
    const atFirst = load.sent();
    const started = performance.now();
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      for (let one = 0; one < 2; one += 1) {
        await start();
        await end();
      }
    }
    const pace = (load.sent() - atFirst) / ((performance.now() - started) / 1000);
    const before = load.sent();
    await waitFor('reviews after it', () => load.sent() >= before + PER_SECOND);
    await load.end();
    console.log(
      `${load.sent()} reviews, ${Math.round(pace)}/s, over ${balancer.connections()} connections; longest ${load.longestMs()} ms`,
      load.failures().slice(0, 10),
    );
    figure('rolling-restarts', load.failures().length);
    figure('rolling-restarts-pace', Math.round(pace));
  },
  RESTARTS * 60_000,
);
