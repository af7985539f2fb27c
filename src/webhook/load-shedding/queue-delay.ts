import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { endsOf } from '../limits/connections.ts';
import { EventLoopDelay } from './event-loop-delay.ts';

/** Upper bounds of the time since the last and the first bytes of a request arrived, in milliseconds. */
export interface QueueDelay {
  readonly lastBytes: number;
  readonly firstBytes: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Earliest time at which the first bytes can have arrived. */
    earliestArrival: number;
  }
}

/** Makes a server measure its queue delay. The returned function is for requests that were received completely in this event loop iteration. */
export function trackQueueDelay(server: FastifyInstance, clock: Clock): (request: FastifyRequest) => QueueDelay {
  const delay = new EventLoopDelay(clock);
  // Until the last connection is closed: requests are answered while the server closes.
  server.server.once('listening', () => delay.start()).once('close', () => delay.stop());
  /** Time at which each connection was accepted. Without an answer yet, its first request was sent after it: a TLS client waits for the server. */
  const acceptedAt = new Map<string, number>();
  server.server.on('connection', (socket: Socket) => {
    delay.recordRead();
    const ends = endsOf(socket);
    acceptedAt.set(ends, clock.now());
    socket.once('close', () => acceptedAt.delete(ends));
  });
  server.server.on('secureConnection', () => delay.recordRead());
  /** Time of the last answer on a connection. The client sends the next request after it. */
  const answeredAt = new WeakMap<Socket, number>();
  const earliestArrival = ({ socket }: IncomingMessage): number => {
    delay.recordRead();
    return Math.max(delay.earliestArrival(), answeredAt.get(socket) ?? acceptedAt.get(endsOf(socket)) ?? 0);
  };
  server.decorateRequest('earliestArrival', 0);
  server.addHook('onRequest', (request, _, done) => {
    request.earliestArrival = earliestArrival(request.raw);
    done();
  });
  server.addHook('onResponse', (request, _, done) => {
    answeredAt.set(request.raw.socket, clock.now());
    done();
  });
  return (request) => {
    const lastBytesAt = earliestArrival(request.raw);
    const now = clock.now();
    return { lastBytes: now - lastBytesAt, firstBytes: now - request.earliestArrival };
  };
}
