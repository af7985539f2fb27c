import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { catalogue, namespace } from '../support/fixtures.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { startServer, type Answer, type TestServer } from '../support/webhook-server.ts';

let server: TestServer;
afterEach(() => server.close());

/** A server that has open connections, and from now on takes so long for every decision. */
async function slowServer(ms: number): Promise<TestServer> {
  let isSlow = false;
  server = await startServer({
    namespaces: [namespace(), { ...namespace(), name: 'must', labels: { 'agent-injector.io/injection': 'required' } }],
    catalogue: () => {
      const end = performance.now() + (isSlow ? ms : 0);
      while (performance.now() < end);
      return catalogue;
    },
  });
  await send(30, reviewText('shop', podOf(1, 1), 'the-uid'), '30s');
  isSlow = true;
  return server;
}

const send = async (count: number, body: string, timeout = '1s'): Promise<readonly Answer[]> =>
  Promise.all(
    // Each pod is another one: what is known is answered however late it is.
    Array.from({ length: count }, async () =>
      server.post(body.replace('value 0', randomUUID()), {}, `/mutate?timeout=${timeout}`),
    ),
  );

it('what comes in faster than it can be decided on is answered all the same, most of it unseen', async () => {
  await slowServer(100);
  const begun = performance.now();
  const answers = await send(30, reviewText('shop', podOf(1, 1), 'the-uid'));
  // Deciding on each would take three seconds.
  expect(performance.now() - begun).toBeLessThan(2000);
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

it('of what must carry its agent nothing is admitted unseen', async () => {
  await slowServer(100);
  const answers = await send(30, reviewText('must', podOf(1, 1), 'the-uid'));
  const refused = answers.filter(({ json }) => json.response.allowed === false);
  const decided = answers.filter(({ json }) => json.response.patch !== undefined);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length + decided.length).toBe(30);
});

it('one review that takes long is decided on, and those after it, one at a time', async () => {
  await slowServer(300);
  for (let count = 0; count < 3; count++) {
    const [answer] = await send(1, reviewText('shop', podOf(1, 1), 'the-uid'));
    expect(answer?.json.response.patch).toBeDefined();
  }
});
