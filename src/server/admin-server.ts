import fastify, { type FastifyInstance } from 'fastify';
import { type Clock, systemClock } from '../lib/clock.ts';
import { shareRendering } from '../metrics/shared-rendering.ts';
import type { Metrics } from '../metrics/types.ts';

export interface AdminServerOptions {
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  readonly notReady: () => readonly string[];
  /** Problems that do not affect readiness; listed by /readyz. */
  readonly notes: () => readonly string[];
  readonly clock?: Clock;
}

/** Creates the plain HTTP server for the kubelet and Prometheus. Liveness depends on nothing: an API server that is down restarts no replica. */
export function createAdminServer({
  metrics,
  notReady,
  notes,
  clock = systemClock,
}: AdminServerOptions): FastifyInstance {
  const server: FastifyInstance = fastify({
    logger: false,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    bodyLimit: 1024,
  });
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
  server.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await rendering()));
  return server;
}
