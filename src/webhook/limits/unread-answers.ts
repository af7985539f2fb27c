import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../../lib/clock.ts';
import { MemoryBudget, type MemoryUse } from './memory-budget.ts';

/** Limit of all answers that are not sent completely. The largest has 256 KiB, and most fit into the system's buffers at once. */
const UNREAD_LIMIT = 16 * 1024 * 1024;

interface UnreadAnswer extends MemoryUse {
  readonly end: () => void;
}

/** Closes the connections of clients that do not read their answers when all these answers are too large together. */
export function limitUnreadAnswers(server: FastifyInstance, clock: Clock, limit = UNREAD_LIMIT): void {
  const budget = new MemoryBudget<UnreadAnswer>(limit);
  const unread = new WeakMap<FastifyRequest, UnreadAnswer>();
  server.addHook('onSend', (request, reply, payload, done) => {
    done();
    if (typeof payload !== 'string') return;
    // Nearly every answer is in the system's buffers by then. Many are made in one turn of the event loop when much is asked.
    setImmediate(() => {
      const { socket } = request.raw;
      if (reply.raw.writableFinished || socket.destroyed) return;
      const answer = { address: socket.remoteAddress ?? '', end: () => socket.destroy() };
      const now = clock.now();
      unread.set(request, answer);
      budget.update(answer, payload.length, 0, now);
      for (let one = budget.excess(now); one; one = budget.excess(now)) {
        budget.remove(one);
        one.end();
      }
    });
  });
  // Also called if the connection breaks before that.
  server.addHook('onResponse', (request, _, done) => {
    const answer = unread.get(request);
    if (answer) budget.remove(answer);
    done();
  });
}
