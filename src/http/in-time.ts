import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Shedding } from './shed.ts';
import type { Reviewing, ReviewRequest } from './mutate.ts';
import { Turns } from './turns.ts';

type Asked = FastifyRequest<ReviewRequest>;
type Handler = (request: Asked, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>;

declare module 'fastify' {
  interface FastifyRequest {
    /** By `performance.now()`, since when it may have been waiting when its headers were read. */
    waitingSince: number;
  }
}

/**
 * Lets the server see how late it is, and answer what comes too late without parsing it. Gives what the handler of reviews is to be wrapped in:
 * it is asked only for those that there is time for.
 */
export function answeringInTime(server: FastifyInstance, reviewing: Reviewing): (handler: Handler) => Handler {
  const turns = new Turns();
  const shedding = new Shedding(reviewing);
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
  return (handler) => (request, reply) => {
    turns.note();
    const now = performance.now();
    const waiting = { turn: now - since(request.raw), request: now - request.waitingSince };
    const shed = shedding.look(request.body, request.query.timeout, waiting);
    return shed === undefined
      ? handler(request, reply)
      : reply.header('content-type', 'application/json; charset=utf-8').send(shed);
  };
}
