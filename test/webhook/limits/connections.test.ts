import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { namespace, pod } from '../../support/fixtures.ts';
import { reviewOf, startServer, type TestServer } from '../../support/webhook-server.ts';

const LIMIT = 4;

async function started(maxConnections = LIMIT): Promise<TestServer> {
  const server = await startServer({ namespaces: [namespace()], maxConnections });
  onTestFinished(() => server.close());
  return server;
}

/** Resolves when the server has accepted the connection. It begins no handshake. */
async function silent({ port, server }: TestServer): Promise<{ socket: Socket; closed: Promise<unknown> }> {
  const accepted = once(server.server, 'connection');
  const socket = connectTcp({ host: '127.0.0.1', port });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}).resume();
  const closed = once(socket, 'close');
  await accepted;
  return { socket, closed };
}

/** Resolves with the status line and headers of the answer, while the connection is open or after the server has closed it. */
async function ask({ port, ca }: TestServer, head: string, body = ''): Promise<{ socket: Socket; answer: string }> {
  const socket = connect({ host: '127.0.0.1', port, ca });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}).setEncoding('latin1');
  socket.write(
    `${head} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const [answer] = (await once(socket, 'data')) as [string];
  return { socket, answer };
}

const review = JSON.stringify(reviewOf(pod()));

describe('when as many connections are open as the limit allows', () => {
  it('an unfinished handshake is closed for a new connection, oldest first, and one line says so', async () => {
    const server = await started();
    const [first, second, third, fourth] = [
      await silent(server),
      await silent(server),
      await silent(server),
      await silent(server),
    ];
    const { answer } = await ask(server, 'POST /mutate', review);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    await first.closed;
    await silent(server);
    await second.closed;
    expect([third.socket.destroyed, fourth.socket.destroyed]).toEqual([false, false]);
    const warnings = server.lines.filter(({ message }) => message !== 'decision');
    expect(warnings).toEqual([{ fields: { connections: LIMIT }, message: expect.stringContaining('closed') }]);
  });

  it('one that reviews were answered on stays open, and is used again', async () => {
    const server = await started();
    const { socket } = await ask(server, 'POST /mutate', review);
    for (let count = 0; count < 3 * LIMIT; count++) await silent(server);
    socket.write(
      `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${review.length}\r\n\r\n${review}`,
    );
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 200 /);
  });
});

it('clients that send their next review slowly keep no other client out', async () => {
  const server = await started();
  const slow: Socket[] = [];
  for (let count = 0; count < LIMIT; count++) {
    const { socket } = await ask(server, 'POST /mutate', review);
    const begun = once(server.server.server, 'request');
    socket.write('POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{');
    await begun;
    slow.push(socket);
  }
  const { answer } = await ask(server, 'POST /mutate', review);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  const [oldest] = slow;
  if (oldest?.destroyed === false) await once(oldest, 'close');
});

describe('a connection', () => {
  it('stays open after a review', async () => {
    const { answer, socket } = await ask(await started(), 'POST /mutate', review);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/\r\nconnection: keep-alive\r\n/i);
    expect(socket.destroyed).toBe(false);
  });

  it.each([
    ['something that is not there', 'GET /', '', 404],
    ['a body that is no review', 'POST /mutate', '[]', 400],
    ['an empty body', 'POST /mutate', '', 400],
    ['too many values', 'POST /mutate', `[${'[],'.repeat(200_000)}1]`, 413],
  ])('is closed after %s', async (_, head, body, status) => {
    const { answer, socket } = await ask(await started(), head, body);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    if (!socket.destroyed) await once(socket, 'close');
  });
});
