import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { namespace, pod } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { reviewOf, startServer, type TestServer } from '../support/webhook-server.ts';

const SECRET = 's'.repeat(32);
/** A pod that requires the agent cannot get it here. */
const broken = namespace({ 'domain-id': 'x' });
const OPEN = [`/mutate/${SECRET}`, `/mutate/required/${SECRET}`];

let server: TestServer;
let asked: string[];
beforeEach(async () => {
  asked = [];
  server = await startServer({
    namespaces: [namespace()],
    lookup: async () => ({ kind: 'found', namespace: broken }),
    clock: new ManualClock(),
    isOpen: (path) => {
      asked.push(path);
      return OPEN.includes(path) || Promise.resolve(false);
    },
  });
});
afterEach(() => server.close());

describe('a path that is open', () => {
  it.each(OPEN)('%s is answered', async (path) => {
    expect((await server.post(reviewOf(pod()), {}, `${path}?timeout=5s`)).status).toBe(200);
    expect(asked).toEqual([path]);
  });

  it('asks for optional or required injection, whatever its secret', async () => {
    server.replace(broken);
    const allowed = [];
    for (const path of OPEN) allowed.push((await server.post(reviewOf(pod()), {}, path)).json.response.allowed);
    expect(allowed).toEqual([true, false]);
  });
});

describe('a path that is closed', () => {
  const closed = ['/mutate', '/mutate/required', `/mutate/${'x'.repeat(32)}`, `/mutate/required/${'x'.repeat(32)}`];

  it.each(closed)('%s is answered like any other path, and counted', async (path) => {
    const answer = await server.post(reviewOf(pod()), {}, path);
    const elsewhere = await server.post(reviewOf(pod()), {}, '/elsewhere');
    const comparable = ({ status, text, headers: { date: _, ...headers } }: typeof answer): object => ({
      status,
      text,
      headers,
    });
    expect(answer.status).toBe(404);
    expect(comparable(answer)).toEqual(comparable(elsewhere));
    expect(await server.metrics.render()).toMatch(/^agent_injector_bad_requests_total\{status="404"\} 2$/m);
    expect(await server.metrics.render()).not.toMatch(/^agent_injector_reviews_total\{/m);
  });

  it('is reported once a minute, without the path', async () => {
    for (const path of [...closed, ...closed]) await server.post(reviewOf(pod()), {}, path);
    expect(server.lines).toEqual([{ fields: { from: '127.0.0.1' }, message: expect.stringContaining('404') }]);
    expect(JSON.stringify(server.lines)).not.toMatch(/s{32}|x{32}/);
  });

  it('is answered before the body has arrived', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca }, () =>
        socket.write(
          'POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
        ),
      );
      socket.once('data', (chunk: Buffer) => {
        resolve(chunk.toString());
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });
});
