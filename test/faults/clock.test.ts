import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Balancer } from '../support/balancer.ts';
import type { Client } from '../support/client.ts';
import { ours } from '../support/injected-cluster.ts';
import { podOf, variable, type Pod } from '../support/pod.ts';
import { startReplicatedCluster, type ReplicatedCluster } from '../support/replicated-cluster.ts';
import { injects, type Replica } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';
import { figure } from './figure.ts';
import { steppedClock, type SteppedClock } from './stepped-clock.ts';

// The clock of one node is wrong by a year, while that of the API server is right. All replicas share one Secret with the certificate, and each
// of them could renew it by its own clock.

const SECONDS = process.env['FAULTS_LONG'] === '1' ? 60 : 8;
const STEPS = [365, 0, -365, 0];

let cluster: ReplicatedCluster;
let client: Client;
let balancer: Balancer;
let replicas: readonly Replica[];
let clock: SteppedClock;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-clock-'));
  clock = steppedClock(dir);
  cluster = await startReplicatedCluster();
  ({ client, balancer, replicas } = cluster);
  await cluster.createConfiguration();
  for (const env of [clock.env, {}]) await (await cluster.startReplica({ env })).ready();
  balancer.to(replicas);
  await waitFor('a pod with the agent', () => injects(client));
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Creates required pods, with a new connection for each call, and counts those that were refused or not injected. */
async function failures(seconds: number): Promise<number> {
  const since = performance.now();
  let failed = 0;
  while (performance.now() - since < seconds * 1000) {
    balancer.cut();
    const failure = await injects(client).then(
      (isInjected) => (isInjected ? undefined : 'a pod was created without the agent'),
      String,
    );
    if (failure !== undefined) {
      failed += 1;
      console.log(failure);
    }
    await delay(50);
  }
  return failed;
}

async function domainInOpen(): Promise<string | undefined> {
  balancer.cut();
  const { object } = await client.create<Pod>(podOf('open', 'web'), { dryRun: true });
  return variable(object, 'ARIES_DOMAIN_ID');
}

test(
  'no admission fails while the clock of one of two replicas is a year ahead, right, a year behind, and right again',
  async () => {
    const [stepped, right] = replicas;
    if (!stepped || !right) throw new Error('no replicas');
    const leaf = ['agent_injector_certificate_expiry_seconds', '{kind="leaf"}'] as const;
    const expiry = await right.metric(...leaf);
    let failed = 0;
    let slowest = 0;
    for (const [index, days] of STEPS.entries()) {
      // First with both replicas behind the Service, then with only the one whose clock is wrong.
      balancer.to(replicas);
      clock.set(days);
      failed += await failures(SECONDS);
      balancer.to([stepped]);
      failed += await failures(1);
      const domain = String(2000 + index);
      await client.patch(
        { kind: 'Namespace', name: 'open' },
        { metadata: { annotations: ours({ 'domain-id': domain }) } },
      );
      const changed = performance.now();
      await waitFor('the change to take effect', async () => (await domainInOpen()) === domain, { interval: 5 });
      slowest = Math.max(slowest, performance.now() - changed);
      for (const replica of replicas) {
        expect(await replica.ask('/readyz')).toEqual({ status: 200, text: 'ok\n' });
        expect(await replica.metric('agent_injector_certificate_renewals_total', '{kind="leaf"}')).toBe(0);
        expect(await replica.metric(...leaf)).toBe(expiry);
        expect(await replica.metric('agent_injector_certificate_problem')).toBe(0);
      }
    }
    figure('clock-admissions', failed);
    figure('clock-change', Math.round(slowest) / 1000);
    const clockMessages = (replica: Replica) =>
      replica.messages().filter((text) => text.startsWith("this machine's clock "));
    expect(clockMessages(stepped)[0]).toContain('differs');
    expect(clockMessages(stepped).some((text) => text.includes('agrees'))).toBe(true);
    expect(clockMessages(right)).toEqual([]);
  },
  STEPS.length * (SECONDS + 30) * 1000,
);
