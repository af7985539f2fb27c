import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { EventLoopTurns } from './event-loop-turns.ts';

/** How long a request has waited, in milliseconds. */
export interface QueueDelay {
  /** What is read in this turn of the event loop, at most. */
  readonly turn: number;
  /** The request itself, since its first byte, at most. */
  readonly request: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** By `performance.now()`, since when it may have been waiting when its headers were read. */
    waitingSince: number;
  }
}

type LateRequest = Pick<FastifyRequest, 'raw' | 'waitingSince'>;

/** Lets the server see how late it is. Gives what tells how long a request that is whole now has waited. */
export function trackQueueDelay(server: FastifyInstance): (request: LateRequest) => QueueDelay {
  const turns = new EventLoopTurns();
  server.server.on('connection', () => turns.note());
  server.server.on('secureConnection', () => turns.note());
  /** When the last answer on a connection was given: nothing that was read on it later has waited for longer. */
  const answered = new WeakMap<Socket, number>();
  const since = ({ socket }: IncomingMessage): number => Math.max(turns.waitingSince(), answered.get(socket) ?? 0);
  server.decorateRequest('waitingSince', 0);
  server.addHook('onRequest', (request, _, done) => {
    turns.note();
    request.waitingSince = since(request.raw);
    done();
  });
  server.addHook('onResponse', (request, _, done) => {
    answered.set(request.raw.socket, performance.now());
    done();
  });
  return (request) => {
    turns.note();
    const now = performance.now();
    return { turn: now - since(request.raw), request: now - request.waitingSince };
  };
}
