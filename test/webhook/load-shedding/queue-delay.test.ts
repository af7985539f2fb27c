import fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { type QueueDelay, trackQueueDelay } from '../../../src/webhook/load-shedding/queue-delay.ts';
import { ManualClock } from '../../support/manual-clock.ts';

it('a request has not waited for longer than its connection is open, whatever the process did before', async () => {
  const clock = new ManualClock();
  const server = fastify();
  onTestFinished(() => server.close());
  // As in a process that was paused: the connection is accepted in the first iteration of the event loop after it.
  server.server.on('connection', () => clock.advance(20_000));
  const queueDelay = trackQueueDelay(server, clock);
  const delays: QueueDelay[] = [];
  server.get('/', (request, reply) => {
    delays.push(queueDelay(request));
    reply.send('ok');
  });
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  expect((await fetch(address)).status).toBe(200);
  expect(delays).toEqual([{ lastBytes: 0, firstBytes: 0 }]);
});
