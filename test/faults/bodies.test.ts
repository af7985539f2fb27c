import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { figure } from './figure.ts';
import { startLoader } from './load.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { serve, type ServerProcess } from './server.ts';

const MIB = 1024 * 1024;

let server: ServerProcess;
beforeAll(async () => {
  server = await serve({ shop: {} });
});
afterAll(() => server.stop());

async function send(size: number, chunked: boolean): Promise<Readonly<Record<string, number>>> {
  const sender = fork(fileURLToPath(new URL('bodies.js', import.meta.url)), { execArgv: [] });
  sender.send({ port: server.port, ca: server.ca, count: 100, size, chunked });
  const [counts] = (await once(sender, 'message')) as [Readonly<Record<string, number>>];
  sender.disconnect();
  console.log(size, chunked, counts, server.memory());
  return counts;
}

test('100 bodies of 20 MiB at once get an answer, and the memory stays bounded', async () => {
  const announced = await send(20 * MIB, false);
  const chunked = await send(20 * MIB, true);
  const all = (announced['413'] ?? 0) + (chunked['413'] ?? 0);
  figure('bodies-answered', all / 2);
  // Each body is below the limit, but not their sum. Accepted bodies are invalid JSON.
  const below = await send(3 * MIB, true);
  expect((below['413'] ?? 0) + (below['400'] ?? 0)).toBe(100);
  figure('bodies-memory', Math.round(server.memory().most));

  const loader = startLoader();
  const bodies = [reviewText('shop', podOf(1, 5))];
  const after = await loader.run({ port: server.port, ca: server.ca, timeout: 5, bodies, seconds: 1, rate: 50 });
  loader.end();
  expect(after.injected).toBe(after.sent);
});
