import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { limitUnreadAnswers } from '../../../src/webhook/limits/unread-answers.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { container, namespace, pod } from '../../support/fixtures.ts';
import { reviewOf, startServer } from '../../support/webhook-server.ts';

const MIB = 1024 * 1024;

/** More than the system's buffers of a connection take. */
const LARGE = 24 * MIB;

it('answers that are not read cost the connection that waits longest, when all are too large together', async () => {
  const server = fastify({ forceCloseConnections: true });
  onTestFinished(() => server.close());
  limitUnreadAnswers(server, new ManualClock(), 2.5 * LARGE);
  server.get('/', async () => 'x'.repeat(LARGE));
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const accepted: Socket[] = [];
  server.server.on('connection', (socket: Socket) => void accepted.push(socket));
  const ask = async (): Promise<Socket> => {
    const client = connect({ host: '127.0.0.1', port });
    onTestFinished(() => void client.destroy());
    client.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    // The answer has begun, and is not read.
    await once(client, 'readable');
    return client;
  };
  const [first, second] = [await ask(), await ask()];
  expect(accepted.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  const third = await ask();
  expect(accepted.map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
  // Answers that are read, or whose connection has ended, take nothing.
  second.destroy();
  third.resume();
  await once(third, 'data');
  first.destroy();
  for (let count = 0; count < 5; count++) {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect((await response.arrayBuffer()).byteLength).toBe(LARGE);
  }
  expect(accepted.slice(2).map(({ destroyed }) => destroyed)).not.toContain(true);
});

it('a client that sends reviews and reads no answer is disconnected', async () => {
  const server = await startServer({ namespaces: [namespace()] });
  onTestFinished(() => server.close());
  expect(server.server.server.timeout).toBeGreaterThan(8000);
  server.server.server.timeout = 300;
  const closed = new Promise((resolve) => {
    server.server.server.once('connection', (socket: Socket) => socket.once('close', resolve));
  });
  const client = connectTls({ host: '127.0.0.1', port: server.port, ca: server.ca });
  onTestFinished(() => void client.destroy());
  const containers = Array.from({ length: 300 }, (_, index) => container(`c-${index}`));
  const text = JSON.stringify(reviewOf(pod(containers, { containers: '*' })));
  const bytes = `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  client.on('error', () => {}).pause();
  for (let count = 0; count < 300; count++) client.write(bytes);
  await closed;
}, 60_000);
