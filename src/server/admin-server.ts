import fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics/types.ts';

/** Why a review would not be answered right just now; empty when it would. */
export type Unready = readonly string[];

export interface AdminServerOptions {
  readonly metrics: Metrics;
  readonly unready: () => Unready;
  /** What is wrong though reviews are answered: the detail of /readyz, without a word on its status. */
  readonly notes?: () => readonly string[];
}

/** The plain HTTP server for the kubelet and Prometheus, not yet listening. Liveness asks nothing: an API server that is down restarts nobody. */
export function createAdminServer({ metrics, unready, notes }: AdminServerOptions): FastifyInstance {
  const server: FastifyInstance = fastify({
    logger: false,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    bodyLimit: 1024,
  });
  server.get('/livez', async () => 'ok\n');
  server.get('/readyz', async (_, reply) => {
    const reasons = unready();
    const detail = (notes?.() ?? []).map((note) => `note: ${note}\n`).join('');
    if (reasons.length === 0) return `ok\n${detail}`;
    return reply.code(503).send(reasons.map((reason) => `not ready: ${reason}\n`).join('') + detail);
  });
  server.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.render()));
  return server;
}
