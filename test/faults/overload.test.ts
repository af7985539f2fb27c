import { afterAll, beforeAll, expect, test } from 'vitest';
import { figure } from './figure.ts';
import { cpuMs } from '../support/process-figures.ts';
import { startLoader, type Job, type Loader, type Outcome } from './load.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { serve, type ServerProcess } from './server.ts';

// More reviews than the server can answer, at a rate that is independent of answers. Like three API servers, the callers have 600 slots each
// (--max-requests-inflight and --max-mutating-requests-inflight) with open connections, and drop requests when all slots are in use. All pods
// differ, so that no answer is in the cache. An expensive pod has ten containers that get four agents each: deciding takes many times as long as
// parsing. Of the time for a small pod, parsing is a third.
const SLOTS = { connections: 1800, warm: 1800 };

let server: ServerProcess;
let loader: Loader;
const manyAgents = { profile: 'jennifer-dotnet,opentelemetry-java,elastic-nodejs,newrelic-python', containers: '*' };
beforeAll(async () => {
  server = await serve({
    shop: {},
    expensive: { settings: manyAgents },
    must: { label: 'required', settings: manyAgents },
  });
  loader = startLoader();
});
afterAll(async () => {
  loader.end();
  await server.stop();
});

const TIMEOUT = 5;
const SECONDS = 30;
const small = reviewText('shop', podOf(1, 5));
// A setting with another value makes another shape, which must be decided.
const expensive = [
  ...Array.from({ length: 8 }, () => reviewText('expensive', podOf(10, 2))),
  reviewText('must', podOf(10, 2)),
  reviewText('expensive', podOf(10, 2, { 'agent-injector.io/injection': 'required' })),
].map((text) => text.replace('"number":"NUMBER"', '"agent-injector.io/service-name":"web-NUMBER"'));

const run = async (job: Omit<Job, 'port' | 'ca' | 'timeout'>): Promise<Outcome> => {
  const before = cpuMs(server.process.pid);
  const outcome = await loader.run({ port: server.port, ca: server.ca, timeout: TIMEOUT, ...job });
  console.log(outcome, 'CPU ms of the server', cpuMs(server.process.pid) - before);
  return outcome;
};

/** Decisions per second of a busy server. */
async function capacity(bodies: readonly string[]): Promise<number> {
  await run({ bodies, seconds: 3, atATime: 8 });
  const { injected, elapsed } = await run({ bodies, seconds: 3, atATime: 8 });
  return injected / elapsed;
}

const lost = ({ failed, hung, wrong }: Outcome): number => failed + hung + wrong;

test('ten times as many expensive pods as the server can decide are answered in time, and no required pod is admitted without its agent', async () => {
  const maximum = await capacity(expensive);
  const light = { bodies: [small], rate: 100, seconds: 5 };
  const before = await run(light);
  const outcome = await run({ bodies: expensive, rate: 10 * maximum, seconds: SECONDS, ...SLOTS });
  await run({ ...light, seconds: 2 });
  const after = await run(light);

  figure('overload-lost', lost(outcome) + outcome.other);
  figure('overload-longest', Math.round(outcome.longest));
  figure('overload-decided', Math.round((100 * outcome.injected) / (maximum * SECONDS)));
  // At least 10 ms, because test machines pause for some milliseconds.
  figure('overload-recovery', Number((after.p99 / Math.max(before.p99, 10)).toFixed(2)));
  expect(outcome.shed).toBeGreaterThan(0);
  const shed = 'outcome="skipped",reason="overloaded"';
  expect(await server.metric('agent_injector_reviews_total', shed)).toBe(outcome.shed);
  const admitted = await server.metric('agent_injector_decisions_total', `namespace="must",profile="",${shed}`);
  figure('overload-required', admitted);
});

test('ten times as many small pods as the server can decide are answered in time', async () => {
  const maximum = await capacity([small]);
  const outcome = await run({ bodies: [small], rate: 10 * maximum, seconds: 10, ...SLOTS });
  figure('flood-lost', lost(outcome));
  figure('flood-longest', Math.round(outcome.longest));
});
