import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { type SecureContextOptions, Server as TlsServer } from 'node:tls';
import type { ServerTls } from '../certificates/source.ts';
import type { Json } from '../lib/json.ts';
import { traceOf } from '../lib/stack-trace.ts';
import type { Metrics } from '../metrics/types.ts';
import { Bodies, BODY_LIMIT, BodyError, isTooDense } from './body.ts';
import { clientCertificateNames } from './client-certificate.ts';
import type { HandlerDependencies } from './dependencies.ts';
import { mutateHandler, type ParseBody, type ReviewRequest } from './handler.ts';
import { trackQueueDelay } from './load-shedding/queue-delay.ts';

export interface WebhookServerOptions {
  readonly tls: ServerTls;
  /** Names that a caller's certificate may have; empty: any. Means something only with `clientCa`. */
  readonly clientNames?: readonly string[];
  readonly reviewing: HandlerDependencies;
  readonly metrics: Pick<Metrics, 'badRequest'>;
  /** While true, every answer asks the client to open a new connection, which reaches another replica. */
  readonly draining: () => boolean;
}

/** The webhook's HTTPS server, not yet listening. Why each setting: docs/adr/0004-http-settings.md. */
export function createWebhookServer(options: WebhookServerOptions): FastifyInstance {
  const server: FastifyInstance = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: 120_000,
    requestTimeout: 8000,
    maxRequestsPerSocket: 1000,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    onProtoPoisoning: 'remove',
    onConstructorPoisoning: 'remove',
    https: {
      ...contextOf(options.tls),
      requestCert: options.tls.clientCa !== undefined,
      rejectUnauthorized: true,
      handshakeTimeout: 8000,
      headersTimeout: 8000,
      connectionsCheckingInterval: 1000,
    },
  });
  followConnections(server);
  const waiting = trackQueueDelay(server);
  const parse = leaveBodies(server);
  const { clientNames: allowed = [] } = options;
  server.addHook('onRequest', (request, reply, done) => {
    if (options.draining()) reply.header('connection', 'close');
    const names = allowed.length > 0 ? clientCertificateNames(request.raw) : undefined;
    const encoding = request.headers['content-encoding'];
    // As text: of a JSON body that is no Status the API server shows its users nothing but "unknown".
    if (names && !names.some((name) => allowed.includes(name))) {
      reply.code(403).type('text/plain').send(strangerText(names));
    } else if (encoding !== undefined && encoding !== 'identity') {
      reply
        .code(415)
        .type('text/plain')
        .send(`content-encoding "${encoding}" is not understood; send the review as it is`);
    } else {
      done();
    }
  });
  server.addHook('onResponse', (_, reply, done) => {
    if (reply.statusCode >= 400) options.metrics.badRequest(reply.statusCode);
    done();
  });
  // As plain text: of a JSON body the API server shows its user just "unknown".
  server.setErrorHandler((error: FastifyError, request, reply) => {
    if (error.statusCode === 413) lingerAfter(request.raw.socket);
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return reply.code(error.statusCode).type('text/plain').send(messageFor(error));
    }
    // Nothing that is known leads here; should something, it is ours, and the log has to have it.
    options.reviewing.log.error({ err: traceOf(error) }, 'a request failed');
    return reply.code(500).type('text/plain').send('agent-injector failed; its log has the details');
  });
  server.setNotFoundHandler((_, reply) => reply.code(404).type('text/plain').send('there is only POST /mutate here'));
  server.post<ReviewRequest>('/mutate', mutateHandler(options.reviewing, { parse, waiting }));
  return server;
}

/** Bodies come to the handler as they are: most are known by their text. The parser of those that are not; it throws what answers them. */
function leaveBodies(server: FastifyInstance): ParseBody {
  const parse = server.getDefaultJsonParser('remove', 'remove');
  server.removeAllContentTypeParsers();
  const bodies = new Bodies();
  server.addContentTypeParser('application/json', (_, payload, done) => bodies.receive(payload, done));
  return (request, body) => {
    if (isTooDense(body)) throw new BodyError(413, 'the body has too many values for its size');
    let json: Json = null;
    const settle = (error: Error | null, parsed?: Json): void => {
      if (error) throw error;
      json = parsed ?? null;
    };
    // It calls back before it returns.
    void parse(request, body.toString(), settle);
    return json;
  };
}

/**
 * Serves with another certificate from the next connection on; open ones go on as they are. Throws what is wrong with it, and then serves as
 * before.
 */
export function replaceCertificate(server: FastifyInstance, tls: ServerTls): void {
  const { server: listening } = server;
  if (!(listening instanceof TlsServer)) throw new Error('this server does not speak TLS');
  listening.setSecureContext(contextOf(tls));
}

/** TLS 1.2 only with ephemeral keys and authenticated ciphers, and nobody may make the server negotiate again and again. TLS 1.3 has nothing else. */
const STRONG: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20',
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
};

function contextOf({ cert, key, clientCa }: ServerTls): SecureContextOptions {
  return { cert, key, ...STRONG, ...(clientCa !== undefined && { ca: clientCa }) };
}

function strangerText(names: readonly string[]): string {
  return `agent-injector: the client certificate is of ${names.join(', ') || 'nobody'}, who may not call (--client-names)`;
}

function messageFor(error: FastifyError): string {
  if (error instanceof BodyError) return error.message;
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'the content type is not application/json';
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return 'the body is empty; send an AdmissionReview';
    default:
      return `the request cannot be read: ${error.message.slice(0, 200)}`;
  }
}

/** How long somebody who sends too much has to notice the answer. */
const LINGER_MS = 2000;

/**
 * Instead of closing the connection at once, lets the other side see the end of the answer, and goes on reading what it sends. A connection
 * that is closed with something unread is reset, and an answer that is on its way is lost with it.
 */
function lingerAfter(socket: Socket): void {
  // This is what Node's server calls when the last answer of a connection is written.
  socket.destroySoon = () => {
    socket.end();
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(cut));
  };
}

/** How long an answer that is under way may take once the port is closed. */
const LAST_ANSWERS_MS = 2000;

/**
 * Closes the server: no new connection, idle ones cut at once, answers under way given two seconds. A connection on which nothing is asked
 * (a probe, a proxy that connects ahead, half a request) would hold it up for as long as it likes.
 */
export async function closeWebhookServer(server: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => {
    for (const socket of sockets.get(server) ?? []) socket.destroy();
  }, LAST_ANSWERS_MS);
  await server.close();
  clearTimeout(cut);
}

/** The open connections of each server, TLS made or not: Node's own list begins with the first request. */
const sockets = new WeakMap<FastifyInstance, Set<Socket>>();

function followConnections(server: FastifyInstance): void {
  const open = new Set<Socket>();
  sockets.set(server, open);
  server.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
}
