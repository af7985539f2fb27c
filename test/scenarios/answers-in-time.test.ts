import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAdminServer } from '../../src/server/admin-server.ts';
import { catalogue, namespace } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { startServer, type Answer, type TestServer } from '../support/webhook-server.ts';

let server: TestServer;
afterEach(() => server.close());

/** A server with open connections. By its clock, every decision from now on takes this long. */
async function slowServer(decisionMs: number): Promise<ManualClock> {
  const clock = new ManualClock();
  let isSlow = false;
  server = await startServer({
    namespaces: [namespace(), { ...namespace(), name: 'must', labels: { 'agent-injector.io/injection': 'required' } }],
    clock,
    catalogue: () => {
      if (isSlow) clock.advance(decisionMs);
      return catalogue;
    },
  });
  await send(30, reviewText('shop', podOf(1, 1), 'the-uid'));
  isSlow = true;
  return clock;
}

/** Sends reviews of different pods at the same time, so that none is answered from the cache. */
const send = async (count: number, body: string): Promise<readonly Answer[]> =>
  Promise.all(
    Array.from({ length: count }, async () =>
      server.post(body.replace('value 0', randomUUID()), {}, '/mutate?timeout=1s'),
    ),
  );

it('reviews that arrive faster than they can be decided are all answered in time, most of them by shedding', async () => {
  const clock = await slowServer(100);
  const startedAt = clock.now();
  const answers = await send(30, reviewText('shop', podOf(1, 1), 'the-uid'));
  expect(clock.now() - startedAt).toBeLessThan(1000);
  for (const { status, json } of answers) {
    expect(status).toBe(200);
    expect(json.response).toMatchObject({ uid: 'the-uid', allowed: true });
  }
  const shed = answers.filter(({ text }) => text.includes('overloaded'));
  const decided = answers.filter(({ json }) => json.response.patch !== undefined);
  expect(shed.length).toBeGreaterThan(10);
  expect(decided.length).toBeGreaterThan(0);
  expect(shed.length + decided.length).toBe(30);
  expect(shed[0]?.headers['content-type']).toBe(decided[0]?.headers['content-type']);
  expect(await server.metrics.render()).toContain(
    `agent_injector_reviews_total{outcome="skipped",reason="overloaded"} ${shed.length}`,
  );
});

it('pods that require injection are never admitted by shedding', async () => {
  await slowServer(100);
  const answers = await send(30, reviewText('must', podOf(1, 1), 'the-uid'));
  const refused = answers.filter(({ json }) => json.response.allowed === false);
  const decided = answers.filter(({ json }) => json.response.patch !== undefined);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length + decided.length).toBe(30);
});

it('reviews that are sent one after the other are all decided, however long each takes', async () => {
  await slowServer(300);
  for (let count = 0; count < 3; count++) {
    const [answer] = await send(1, reviewText('shop', podOf(1, 1), 'the-uid'));
    expect(answer?.json.response.patch).toBeDefined();
  }
});

/** Blocks the only thread, as work does. */
function workFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Longer than the longest wait of a review, by the real clock. */
const WORK_MS = 1100;

describe('a review that has waited for other work of the process', () => {
  it.each<[string, (work: () => void) => void]>([
    ['a timer', (work) => void setTimeout(work, 1)],
    ['an immediate', (work) => void setImmediate(work)],
    ['a read file', (work) => void readFile(import.meta.filename).then(work)],
    [
      'a request for metrics',
      async (work) => {
        const render = async (): Promise<string> => {
          work();
          return '';
        };
        const log = new RecordingLogger();
        const metrics = { render, contentType: 'text/plain' };
        const admin = createAdminServer({ metrics, notReady: () => [], notes: () => [], log });
        onTestFinished(() => admin.close());
        await fetch(`${await admin.listen({ host: '127.0.0.1', port: 0 })}/metrics`);
      },
    ],
  ])('%s: is shed and counted, and a review after it is decided', async (_, start) => {
    server = await startServer({ namespaces: [namespace()] });
    // The connection is kept, as those of API servers are.
    const review = (): Promise<Answer> =>
      server.post(reviewText('shop', podOf(1, 1), 'the-uid'), {}, '/mutate?timeout=5s');
    expect((await review()).json.response.patch).toBeDefined();
    const late = await new Promise<Answer>((resolve, reject) => {
      start(() => {
        review().then(resolve, reject);
        // Node writes a request on a kept connection in the next tick.
        process.nextTick(workFor, WORK_MS);
      });
    });
    expect(late.text).toContain('overloaded');
    const counted = 'agent_injector_reviews_total{outcome="skipped",reason="overloaded"} 1';
    expect(await server.metrics.render()).toContain(counted);
    expect((await review()).json.response.patch).toBeDefined();
  });
});
