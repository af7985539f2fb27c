import fastify, { type FastifyInstance } from 'fastify';
import { type Clock, systemClock } from '../lib/clock.ts';
import { type Logger, ProblemLog } from '../lib/logger.ts';
import { shareRendering } from '../metrics/shared-rendering.ts';
import type { Metrics } from '../metrics/types.ts';
import { AdminHttpServer, MAX_NEW_CONNECTIONS, MAX_SCRAPERS, MAX_SCRAPERS_PER_ADDRESS } from './admin-connections.ts';

export interface AdminServerOptions {
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  readonly notReady: () => readonly string[];
  /** Problems that do not affect readiness; listed by /readyz. */
  readonly notes: () => readonly string[];
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Creates the plain HTTP server for the kubelet and Prometheus. Liveness depends on nothing: an API server that is down restarts no replica. */
export function createAdminServer({
  metrics,
  notReady,
  notes,
  log,
  clock = systemClock,
}: AdminServerOptions): FastifyInstance {
  const problems = new ProblemLog(log, clock);
  const connections = new AdminHttpServer(() => {
    const limits = { new: MAX_NEW_CONNECTIONS, scrapers: MAX_SCRAPERS, perAddress: MAX_SCRAPERS_PER_ADDRESS };
    problems.report(limits, 'connections to the admin port are closed: too many are open');
  });
  const server: FastifyInstance = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 1024,
    serverFactory: (answer) => connections.answerBy(answer),
  });
  server.get('/', async () => '/livez\n/readyz\n/metrics\n');
  server.get('/livez', async () => 'ok\n');
  server.get('/readyz', async (_, reply) => {
    const reasons = notReady();
    const detail = notes()
      .map((note) => `note: ${note}\n`)
      .join('');
    if (reasons.length === 0) return `ok\n${detail}`;
    return reply.code(503).send(reasons.map((reason) => `not ready: ${reason}\n`).join('') + detail);
  });
  const rendering = shareRendering(metrics.render, clock);
  server.get('/metrics', async ({ raw }, reply) => {
    if (!connections.admitScraper(raw, reply.raw)) return reply.hijack();
    const text = await rendering();
    // It can have been disconnected meanwhile.
    return raw.socket.destroyed ? reply.hijack() : reply.type(metrics.contentType).send(text);
  });
  return server;
}
