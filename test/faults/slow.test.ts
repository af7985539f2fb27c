import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { figure } from './figure.ts';
import { startLoader, type Loader } from './load.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { serve, type ServerProcess } from './server.ts';

let server: ServerProcess;
let loader: Loader;
beforeAll(async () => {
  server = await serve({ shop: {} });
  loader = startLoader();
});
afterAll(async () => {
  loader.end();
  await server.stop();
});

test('500 slow connections are closed, and delay no other call', async () => {
  const job = { port: server.port, ca: server.ca, timeout: 5, bodies: [reviewText('shop', podOf(1, 5))], rate: 100 };
  await loader.run({ ...job, seconds: 3 });
  const before = await loader.run({ ...job, seconds: 5 });

  const slow = fork(fileURLToPath(new URL('slow.js', import.meta.url)), { execArgv: [] });
  slow.send({ port: server.port, ca: server.ca, count: 500 });
  const closed = once(slow, 'message') as Promise<[Readonly<Record<string, number>>]>;
  const during = await loader.run({ ...job, seconds: 8 });
  const [longest] = await closed;
  slow.disconnect();

  console.log(longest, before, during);
  expect(Object.keys(longest)).toHaveLength(6);
  figure('slow-closed', Number((Math.max(...Object.values(longest)) / 1000).toFixed(1)));
  expect(during).toMatchObject({ failed: 0, hung: 0, wrong: 0, shed: 0, injected: during.sent });
  // At least 10 ms, because test machines pause for some milliseconds.
  figure('slow-good', Number((during.p99 / Math.max(before.p99, 10)).toFixed(2)));
});
