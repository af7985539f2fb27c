import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MAX_SCRAPERS_PER_ADDRESS } from '../../src/server/admin-connections.ts';
import { createAdminServer } from '../../src/server/admin-server.ts';
import { httpGet } from '../support/http-get.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

let server: FastifyInstance;
let port: number;
let rendered: number;
let reasons: string[];
let log: RecordingLogger;
beforeEach(async () => {
  rendered = 0;
  reasons = [];
  log = new RecordingLogger();
  server = createAdminServer({
    metrics: {
      render: async () => `rendered ${(rendered += 1)}\n`,
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
    },
    notReady: () => reasons,
    notes: () => ['a profile is broken'],
    log,
  });
  port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterEach(async () => server.close());

it('lists its paths', async () => {
  const { text } = await httpGet(port, '/');
  const paths = text.trim().split('\n');
  expect(paths).toEqual(['/livez', '/readyz', '/metrics']);
  for (const path of paths) expect((await httpGet(port, path)).status).toBe(200);
});

it('/livez and /readyz answer, and say why the server is not ready', async () => {
  expect(await httpGet(port, '/livez')).toEqual({ status: 200, text: 'ok\n' });
  expect(await httpGet(port, '/readyz')).toEqual({ status: 200, text: 'ok\nnote: a profile is broken\n' });
  reasons = ['no certificate'];
  expect(await httpGet(port, '/livez')).toEqual({ status: 200, text: 'ok\n' });
  expect(await httpGet(port, '/readyz')).toEqual({
    status: 503,
    text: 'not ready: no certificate\nnote: a profile is broken\n',
  });
});

it('all callers of /metrics within a second share one rendering', async () => {
  const first = await httpGet(port, '/metrics');
  expect(first).toEqual({ status: 200, text: 'rendered 1\n' });
  const others = await Promise.all(Array.from({ length: 8 }, async () => httpGet(port, '/metrics')));
  expect(new Set(others.map(({ text }) => text))).toEqual(new Set(['rendered 2\n']));
});

it.each(['/metrics', '/metrics?name=up', '/%6detrics', 'http://localhost/metrics'])(
  'callers of %s share the connections that scrapers may have',
  async (path) => {
    // The first rendering starts at once, and later callers wait for the next.
    await httpGet(port, '/metrics');
    const more = 3;
    const calls = Array.from({ length: MAX_SCRAPERS_PER_ADDRESS + more }, async () => httpGet(port, path));
    const outcomes = (await Promise.allSettled(calls)).map(({ status }) => status);
    expect(outcomes.filter((status) => status === 'rejected')).toHaveLength(more);
    expect(log.of('warn')).toHaveLength(1);
  },
);
