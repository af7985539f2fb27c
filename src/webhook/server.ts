import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from 'fastify';
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { type SecureContextOptions, Server as TlsServer } from 'node:tls';
import { MUTATE_PATH, REQUIRED_PATH } from '../api/paths.ts';
import type { ServerTls } from '../certificates/source.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { ProblemLog } from '../lib/logger.ts';
import { traceOf } from '../lib/stack-trace.ts';
import type { Metrics } from '../metrics/types.ts';
import { BODY_LIMIT } from './body.ts';
import { clientCertificateNames } from './client-certificate.ts';
import { answerClientError } from './client-error.ts';
import type { HandlerDependencies } from './dependencies.ts';
import { MutateHandler, type ReviewRequest } from './handler.ts';
import { BodyReceiver } from './limits/body-receiver.ts';
import { limitConnections } from './limits/connections.ts';
import { limitUnreadAnswers } from './limits/unread-answers.ts';
import { trackQueueDelay } from './load-shedding/queue-delay.ts';
import { RequestError, requestErrorText } from './request-error.ts';
import { pathOf, routedUrl } from './request-target.ts';

export interface WebhookServerOptions {
  readonly tls: ServerTls;
  /** Names that a client certificate may have; empty: any. Ignored without `clientCa`. */
  readonly clientNames?: readonly string[];
  readonly dependencies: HandlerDependencies;
  readonly metrics: Pick<Metrics, 'recordBadRequest'>;
  /** True for the paths that are answered. */
  readonly isOpen: (path: string) => boolean | Promise<boolean>;
  /** While true, every answer asks the client to open a new connection, which reaches another replica. */
  readonly draining: () => boolean;
  readonly maxConnections: number;
  readonly clock?: Clock;
}

/** Creates the HTTPS server of the webhook. It does not listen yet. The reasons for each setting: docs/adr/0004-http-settings.md. */
export function createWebhookServer({
  tls,
  clientNames = [],
  dependencies,
  metrics,
  isOpen,
  draining,
  maxConnections,
  clock = systemClock,
}: WebhookServerOptions): FastifyInstance {
  const server: FastifyInstance = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    connectionTimeout: 10_000,
    keepAliveTimeout: 120_000,
    requestTimeout: 8000,
    maxRequestsPerSocket: 1000,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    rewriteUrl: routedUrl,
    clientErrorHandler: answerClientError,
    https: {
      ...contextOf(tls),
      requestCert: tls.clientCa !== undefined,
      rejectUnauthorized: true,
      handshakeTimeout: 8000,
      headersTimeout: 8000,
      connectionsCheckingInterval: 1000,
    },
  });
  limitConnections(server, maxConnections, dependencies.log, clock);
  limitUnreadAnswers(server, clock);
  const bodies = new BodyReceiver(clock);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', (_, payload, done) => bodies.receive(payload, done));
  server.addHook('onRequest', (request, reply, done) => {
    if (draining()) closeAfter(reply);
    done(rejectionOf(request, clientNames));
  });
  server.addHook('onResponse', (_, reply, done) => {
    if (reply.statusCode >= 400) metrics.recordBadRequest(reply.statusCode);
    done();
  });
  // Errors are sent as plain text: the API server shows its users only "unknown" for a JSON body that is not a Status.
  server.setErrorHandler((error: FastifyError, request, reply) => {
    if (!request.raw.complete) lingerAfter(request.raw.socket);
    closeAfter(reply);
    const { statusCode } = error;
    if (statusCode !== undefined && (statusCode < 500 || error instanceof RequestError)) {
      return reply.code(statusCode).type('text/plain').send(requestErrorText(error));
    }
    // No known input leads here.
    dependencies.log.error({ err: traceOf(error) }, 'internal error while handling a request');
    return reply.code(500).type('text/plain').send('agent-injector failed; its log has the details');
  });
  server.setNotFoundHandler((_, reply) => closeAfter(reply).code(404).type('text/plain').send(NOT_FOUND));
  addPaths(server, { dependencies, isOpen, clock });
  return server;
}

const PATHS = [
  { path: MUTATE_PATH, required: false },
  { path: REQUIRED_PATH, required: true },
];

/** Each path is answered with and without a secret as its last step. */
function addPaths(
  server: FastifyInstance,
  { dependencies, isOpen, clock }: Pick<WebhookServerOptions, 'dependencies' | 'isOpen'> & { readonly clock: Clock },
): void {
  const handler = new MutateHandler(dependencies, trackQueueDelay(server, clock), clock);
  const onRequest = closedPaths(isOpen, new ProblemLog(dependencies.log, clock));
  for (const { path, required } of PATHS)
    for (const url of [path, `${path}/:secret`])
      server.post<ReviewRequest>(url, { onRequest }, (request, reply) => handler.handle(request, reply, required));
}

const CLOSED =
  'requests on paths that the webhook configuration does not have are answered with 404: they do not come from an API server that uses it';

/** Answers requests on paths that are not open as those on any other path, before their body is read. */
function closedPaths(isOpen: WebhookServerOptions['isOpen'], log: ProblemLog): onRequestHookHandler {
  return ({ raw, ip }, _, done) => {
    const finish = (open: boolean): void => {
      if (open) return done();
      log.report({ from: ip }, CLOSED);
      done(new RequestError(404, NOT_FOUND));
    };
    const open = isOpen(pathOf(raw.url ?? ''));
    if (typeof open === 'boolean') finish(open);
    else void open.then(finish);
  };
}

const NOT_FOUND = `not found; send POST ${MUTATE_PATH} or POST ${REQUIRED_PATH}`;

function rejectionOf({ raw, headers }: FastifyRequest, allowedNames: readonly string[]): RequestError | undefined {
  const names = allowedNames.length > 0 ? clientCertificateNames(raw) : [];
  if (allowedNames.length > 0 && !names.some((name) => allowedNames.includes(name))) {
    const shown = names.join(', ') || 'no name';
    return new RequestError(403, `agent-injector: the client certificate (${shown}) is not in --client-names`);
  }
  const framing = headers['transfer-encoding'];
  // Node reads `gzip, chunked` as if it were `chunked`.
  if (framing !== undefined && framing !== 'chunked')
    return new RequestError(
      501,
      `transfer-encoding "${framing.slice(0, 100)}" is not supported; send chunked or a content-length`,
    );
  const encoding = headers['content-encoding'];
  return encoding === undefined || encoding === 'identity'
    ? undefined
    : new RequestError(415, `content-encoding "${encoding}" is not supported; send the body uncompressed`);
}

/** Replaces the certificate for new connections. Throws if the certificate is not usable; the previous one then stays in use. */
export function replaceCertificate(server: FastifyInstance, tls: ServerTls): void {
  const { server: listening } = server;
  if (!(listening instanceof TlsServer)) throw new Error('the server does not use TLS');
  listening.setSecureContext(contextOf(tls));
}

/** TLS 1.2 only with ephemeral keys, authenticated ciphers and no renegotiation, which a client could repeat without end. TLS 1.3 has nothing else. */
const TLS_OPTIONS: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20',
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
};

function contextOf({ cert, key, clientCa }: ServerTls): SecureContextOptions {
  return { cert, key, ...TLS_OPTIONS, ...(clientCa !== undefined && { ca: clientCa }) };
}

/** An idle connection takes some 50 KiB for two minutes, so only a client that sends reviews keeps one. */
function closeAfter(reply: FastifyReply): FastifyReply {
  return reply.header('connection', 'close');
}

const LINGER_MS = 2000;

/**
 * Keeps reading from the connection for a while after its last answer. Closing a socket with unread data resets the connection, and the client
 * loses an answer that it has not read yet.
 */
function lingerAfter(socket: Socket): void {
  // Node's server calls this when the last answer of a connection is written.
  socket.destroySoon = () => {
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  };
}
