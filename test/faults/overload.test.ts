import { afterAll, beforeAll, expect, test } from 'vitest';
import { figure } from './figure.ts';
import { cpuMs } from '../support/process-figures.ts';
import { startLoader, type Job, type Loader, type Outcome } from './load.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { serve, type Served } from './server.ts';

// More than it can answer, at a rate that does not wait for answers. Callers are as API servers are: three of them have slots for 600 requests
// each (--max-requests-inflight and --max-mutating-requests-inflight), with a connection for each that is open already, and turn their own
// clients away when all are taken. Every pod is another one, so that no answer is known. A dear pod has ten containers that get four agents each:
// its decision takes many times what reading it takes, so a server that decides on each has no chance. Of a small one reading is a third.
const SLOTS = { connections: 1800, warm: 1800 };

let server: Served;
let loader: Loader;
const dear = { profile: 'jennifer-dotnet,opentelemetry-java,elastic-nodejs,newrelic-python', containers: '*' };
beforeAll(async () => {
  server = await serve({
    shop: {},
    dear: { settings: dear },
    must: { label: 'required', settings: dear },
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
const dearest = [
  ...Array.from({ length: 8 }, () => reviewText('dear', podOf(10, 2))),
  reviewText('must', podOf(10, 2)),
  reviewText('dear', podOf(10, 2, { 'agent-injector.io/injection': 'required' })),
];

const run = async (job: Omit<Job, 'port' | 'ca' | 'timeout'>): Promise<Outcome> => {
  const before = cpuMs(server.process.pid);
  const outcome = await loader.run({ port: server.port, ca: server.ca, timeout: TIMEOUT, ...job });
  console.log(outcome, 'cpu of the server', cpuMs(server.process.pid) - before);
  return outcome;
};

/** Decisions a second, with as many reviews at a time as keep it busy. */
async function capacity(bodies: readonly string[]): Promise<number> {
  await run({ bodies, seconds: 3, atATime: 8 });
  const { injected, elapsed } = await run({ bodies, seconds: 3, atATime: 8 });
  return injected / elapsed;
}

const lost = ({ failed, hung, wrong }: Outcome): number => failed + hung + wrong;

test('ten times as many expensive pods as the server can decide are answered in time, and no required pod is admitted without its agent', async () => {
  const best = await capacity(dearest);
  const light = { bodies: [small], rate: 100, seconds: 5 };
  const before = await run(light);
  const outcome = await run({ bodies: dearest, rate: 10 * best, seconds: SECONDS, ...SLOTS });
  await run({ ...light, seconds: 2 });
  const after = await run(light);

  figure('overload-lost', lost(outcome) + outcome.other);
  figure('overload-longest', Math.round(outcome.longest));
  figure('overload-decided', Math.round((100 * outcome.injected) / (best * SECONDS)));
  // A test machine stops for some milliseconds now and then, which is no matter of this server.
  figure('overload-recovery', Number((after.p99 / Math.max(before.p99, 10)).toFixed(2)));
  expect(outcome.shed).toBeGreaterThan(0);
  const shed = 'outcome="skipped",reason="overloaded"';
  expect(await server.metric('agent_injector_reviews_total', shed)).toBe(outcome.shed);
  const unseen = await server.metric('agent_injector_decisions_total', `namespace="must",profile="",${shed}`);
  figure('overload-required', unseen);
});

test('ten times as many small pods as the server can decide are answered in time', async () => {
  const best = await capacity([small]);
  const outcome = await run({ bodies: [small], rate: 10 * best, seconds: 10, ...SLOTS });
  figure('flood-lost', lost(outcome));
  figure('flood-longest', Math.round(outcome.longest));
});
