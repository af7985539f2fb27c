import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpGet } from '../support/http-get.ts';
import { anonymousMiB, cpuMs } from '../support/process-figures.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { figure } from './figure.ts';
import { startLoader, type Loader } from './load.ts';
import { ReviewSender } from './review-sender.ts';
import { serve, type ServerProcess } from './server.ts';

// The admin port is plain HTTP without authentication.

const PROFILES = readdirSync(join(import.meta.dirname, '../../src/agents'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length));
/** As many as have their own label value. */
const NAMESPACES = Array.from({ length: 200 }, (_, index) => `namespace-${index}`);

/** Timeouts of the chart's probes, in ms. */
const PROBES = { '/livez': 5000, '/readyz': 2000 } as const;

let server: ServerProcess;
let loader: Loader;
beforeAll(async () => {
  server = await serve({ shop: {}, ...Object.fromEntries(NAMESPACES.map((name) => [name, {}])) });
  loader = startLoader();
  await fillMetrics();
});
afterAll(async () => {
  loader.end();
  await server.stop();
});

/** Reviews of every profile in every namespace, until the metrics have all series that they can have. */
async function fillMetrics(): Promise<void> {
  const sender = new ReviewSender(server);
  for (const name of NAMESPACES) {
    const bodies = PROFILES.map((profile) => {
      const pod = podOf(1, 1);
      const annotations = { 'agent-injector.io/profile': profile };
      return reviewText(name, { ...pod, metadata: { name: 'web', namespace: name, annotations } });
    });
    await Promise.all(bodies.map(async (body) => sender.post(body)));
  }
  sender.end();
  expect((await server.metrics()).length).toBeGreaterThan(350_000);
}

interface Callers {
  /** Resolves when each has opened its first connection. */
  readonly opened: Promise<unknown>;
  /** Resolves with the numbers of all answers and of all connections. */
  readonly end: () => Promise<{ readonly answers: number; readonly connections: number }>;
}

function startCallers(count: number, path?: string): Callers {
  const child = fork(fileURLToPath(new URL('admin-callers.js', import.meta.url)), { execArgv: [] });
  child.send({ port: server.adminPort, count, path });
  return {
    opened: once(child, 'message'),
    end: async () => {
      child.send('end');
      const [result] = (await once(child, 'message')) as [Awaited<ReturnType<Callers['end']>>];
      child.disconnect();
      return result;
    },
  };
}

/** Probes as the kubelet does, on new connections, until `end` is called. Returns the share that was answered in time, in percent. */
function startProbes(): { readonly end: () => Promise<number> } {
  const ending = new AbortController();
  let sent = 0;
  let answered = 0;
  let longest = 0;
  const probing = Promise.all(
    Object.entries(PROBES).map(async ([path, timeout]) => {
      while (!ending.signal.aborted) {
        const startedAt = performance.now();
        sent += 1;
        const probe = httpGet(server.adminPort, path)
          .then(({ status }) => status === 200)
          .catch(() => false);
        const inTime = await Promise.race([probe, delay(timeout, false, { ref: false })]);
        longest = Math.max(longest, performance.now() - startedAt);
        if (inTime) answered += 1;
        await delay(100);
      }
    }),
  );
  return {
    end: async () => {
      ending.abort();
      await probing;
      console.log(`${answered} of ${sent} probes answered, the longest took ${Math.round(longest)} ms`);
      return Math.floor((100 * answered) / sent);
    },
  };
}

const ROUNDS = 5;

test('300 callers of /metrics delay no review and no probe', async () => {
  const job = { port: server.port, ca: server.ca, timeout: 5, bodies: [reviewText('shop', podOf(1, 5))], rate: 100 };
  await loader.run({ ...job, seconds: 3 });
  const ratios: number[] = [];
  let lost = 0;
  let probed = 100;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await loader.run({ ...job, seconds: 4 });
    const callers = startCallers(300, '/metrics');
    await callers.opened;
    const probes = startProbes();
    const cpu = cpuMs(server.process.pid);
    const during = await loader.run({ ...job, seconds: 4 });
    const used = cpuMs(server.process.pid) - cpu;
    probed = Math.min(probed, await probes.end());
    const { answers, connections } = await callers.end();
    console.log(`${connections} connections, ${answers} answers, ${used} ms of CPU`, before, during);
    expect(answers, 'answers of /metrics').toBeGreaterThan(0);
    lost += during.sent - during.injected;
    // At least 10 ms, because test machines pause for some milliseconds.
    ratios.push(during.p99 / Math.max(before.p99, 10));
  }
  figure('admin-metrics-probes', probed);
  figure('admin-metrics-lost', lost);
  figure('admin-metrics-good', Number((ratios.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? NaN).toFixed(2)));
});

test('6,000 idle connections to the admin port cost little, and delay no probe', async () => {
  const { pid } = server.process;
  const openFiles = (): number => readdirSync(`/proc/${pid}/fd`).length;
  const [filesBefore, memoryBefore] = [openFiles(), anonymousMiB(pid)];
  const callers = startCallers(6000);
  const probes = startProbes();
  await callers.opened;
  const [files, memory] = [openFiles() - filesBefore, anonymousMiB(pid) - memoryBefore];
  const answered = await probes.end();
  await callers.end();
  figure('admin-idle-probes', answered);
  figure('admin-idle-open', files);
  figure('admin-idle-memory', Math.max(0, Math.round(memory)));
});
