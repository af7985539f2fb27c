import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { type Logger, ProblemLog } from '../../lib/logger.ts';
import { ConnectionTable } from './connection-table.ts';

const CLOSING_MS = 2000;

/** Closes a connection for each new one above the limit, and logs that once a minute. Unfinished TLS handshakes count. */
export function limitConnections(server: FastifyInstance, limit: number, logger: Logger, clock: Clock): void {
  const open = new Map<string, Socket>();
  const table = new ConnectionTable(limit);
  const log = new ProblemLog(logger, clock);
  server.server.on('connection', (socket: Socket) => {
    const name = endsOf(socket);
    open.set(name, socket);
    socket.once('close', () => {
      open.delete(name);
      table.close(name);
    });
    const excess = table.open(name, socket.remoteAddress ?? '');
    if (excess === undefined) return;
    log.report({ connections: limit }, 'connections are closed for new ones: as many are open as the limits allow');
    open.get(excess)?.destroy();
  });
  const received = new WeakSet<FastifyRequest>();
  server.addHook('onRequest', (request, _, done) => {
    table.use(endsOf(request.raw.socket));
    done();
  });
  server.addHook('preHandler', (request, _, done) => {
    received.add(request);
    table.startRequest(endsOf(request.raw.socket));
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    if (received.has(request)) table.endRequest(endsOf(request.raw.socket), reply.statusCode === 200);
    done();
  });
  // A connection without a request (a probe, a proxy that connects ahead, half a request) would otherwise delay the end as long as its peer likes.
  // Node's own list of connections begins with their first request.
  server.addHook('preClose', (done) => {
    setTimeout(() => {
      for (const socket of open.values()) socket.destroy();
    }, CLOSING_MS).unref();
    done();
  });
}

/** Asked for several times in each request. */
const known = new WeakMap<Socket, string>();

/** Unique among open connections. The socket that a TLS server accepts and the one that it makes of it are two objects with the same ends. */
export function endsOf(socket: Socket): string {
  let ends = known.get(socket);
  if (ends === undefined) known.set(socket, (ends = `${socket.remoteAddress} ${socket.remotePort}`));
  return ends;
}
