import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Shed, Shedding } from './shed.ts';
import type { Reviewing } from './mutate.ts';
import { Turns } from './turns.ts';

/** A request for a review, before its body is parsed. */
type Asked = FastifyRequest<{ Querystring: { timeout?: unknown } }>;
type Handler = (request: Asked, reply: FastifyReply) => Promise<unknown>;

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
  const parseJson = server.getDefaultJsonParser('remove', 'remove');
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    turns.note();
    const now = performance.now();
    const waiting = { turn: now - since(request.raw), request: now - request.waitingSince };
    // Only /mutate has a body, and its query is read as text.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { timeout } = request.query as Asked['query'];
    const shed = shedding.look(body, timeout, waiting);
    if (shed) done(null, shed);
    else void parseJson(request, body, done);
  });
  return (handler) => async (request, reply) =>
    request.body instanceof Shed
      ? reply.type('application/json; charset=utf-8').send(request.body.answer)
      : handler(request, reply);
}
