import { once } from 'node:events';
import type { TcpNetConnectOpts } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BODIES_LIMIT, LARGE_BODIES_LIMIT } from '../../../src/webhook/limits/body-receiver.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { namespace, pod } from '../../support/fixtures.ts';
import { reviewOf, startServer, type TestServer } from '../../support/webhook-server.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A connection that has sent a part of a body. */
interface Upload {
  /** The first status line of the server. */
  readonly status: Promise<number>;
  /** When the server has closed the connection. */
  readonly closed: Promise<unknown>;
  readonly send: (bytes: string) => void;
}

async function started(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer({ namespaces: [namespace()], ...options });
  onTestFinished(() => server.close());
  return server;
}

/** Sends the head of a body of `announced` bytes (chunked: undefined) and its first bytes. */
function upload(server: TestServer, announced: number | undefined, first: string, from = '127.0.0.1'): Upload {
  const { port, ca } = server;
  const options: ConnectionOptions & TcpNetConnectOpts = { host: '127.0.0.1', port, ca, localAddress: from };
  const socket = connect(options);
  onTestFinished(() => void socket.destroy());
  const framing = announced === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${announced}`;
  const send = (bytes: string): void => {
    socket.write(announced === undefined ? `${bytes.length.toString(16)}\r\n${bytes}\r\n` : bytes);
  };
  socket.write(`POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`);
  send(first);
  socket.setEncoding('latin1').on('error', () => {});
  const status = once(socket, 'data').then(([text]) => Number(/^HTTP\/1\.1 (\d+)/.exec(String(text))?.[1]));
  return { status, closed: once(socket, 'close'), send };
}

const spaces = (count: number): string => ' '.repeat(count);

/** Unfinished bodies, one more than fit. Resolves when one of them was turned away. */
async function crowd(server: TestServer, limit: number, each: number): Promise<readonly Upload[]> {
  const count = Math.floor(limit / each) + 1;
  const uploads = Array.from({ length: count }, () => upload(server, each + 1, spaces(each), '127.0.0.2'));
  await Promise.race(uploads.map(({ status }) => status));
  return uploads;
}

const review = (padding: number): object => reviewOf(pod(undefined, { padding: 'x'.repeat(padding) }));

describe('a body', () => {
  it.each([
    ['in one piece', (text: string) => [text]],
    ['in many pieces', (text: string) => text.match(/.{1,100}/gs) ?? []],
  ])('is read %s, with and without a length', async (_, split) => {
    const server = await started();
    const text = JSON.stringify(review(1000));
    for (const announced of [text.length, undefined]) {
      const [first = '', ...rest] = split(text);
      const sent = upload(server, announced, first);
      for (const piece of rest) sent.send(piece);
      if (announced === undefined) sent.send('');
      expect(await sent.status).toBe(200);
    }
  });

  it.each([
    ['announced', 4 * MIB + 1, ''],
    ['sent without a length', undefined, spaces(4 * MIB + 1)],
  ])('of more than 4 MiB is turned away when it is %s, and its connection closed', async (_, announced, first) => {
    const sent = upload(await started(), announced, first);
    expect(await sent.status).toBe(413);
    await sent.closed;
  });

  it('counts with what was received, not with what was announced', async () => {
    const server = await started();
    const many = Array.from({ length: 20 }, () => upload(server, 4 * MIB, spaces(10)));
    expect((await server.post(review(200 * KIB))).status).toBe(200);
    expect(await Promise.race([...many.map(({ status }) => status), Promise.resolve('none')])).toBe('none');
  });
});

describe('unfinished bodies that are too large together', () => {
  it('give way to a whole large one, one by one', async () => {
    const server = await started();
    await crowd(server, LARGE_BODIES_LIMIT, 1_390_000);
    for (let count = 0; count < 20; count++) expect((await server.post(review(200 * KIB))).status).toBe(200);
  });

  it('keep no small one out, even if they are small themselves', async () => {
    const server = await started();
    const uploads = await crowd(server, BODIES_LIMIT, 126 * KIB);
    expect((await server.post(review(100 * KIB))).status).toBe(200);
    expect(await Promise.race(uploads.map(({ status }) => status))).toBe(503);
  });

  it('are turned away with an answer, and their connections are closed', async () => {
    const server = await started();
    const uploads = await crowd(server, LARGE_BODIES_LIMIT, 2 * MIB);
    const first = await Promise.race(uploads.map(async (one) => ((await one.status) === 413 ? one : undefined)));
    await first?.closed;
    expect(first).toBeDefined();
    expect(await server.metrics.render()).toMatch(/agent_injector_bad_requests_total\{status="413"\} [1-9]/);
  });

  it('cost the address that has most, while none of them stalls', async () => {
    const server = await started({ clock: new ManualClock() });
    const other = upload(server, 2 * MIB, spaces(2 * MIB - 1), '127.0.0.3');
    await crowd(server, LARGE_BODIES_LIMIT, 2 * MIB);
    other.send(' ');
    expect(await other.status).toBe(400);
  });

  it('cost the one that stalls, whatever its address has', async () => {
    const clock = new ManualClock();
    const server = await started({ clock });
    const other = upload(server, 2 * MIB, spaces(2 * MIB - 1), '127.0.0.3');
    await crowd(server, LARGE_BODIES_LIMIT, 2 * MIB);
    clock.advance(1000);
    await crowd(server, LARGE_BODIES_LIMIT, 2 * MIB);
    expect(await other.status).toBe(413);
  });

  it('leave room again when they end', async () => {
    const server = await started();
    for (let round = 0; round < 3; round++) {
      const uploads = Array.from({ length: 5 }, () => upload(server, 3 * MIB, spaces(3 * MIB - 1)));
      for (const one of uploads) one.send(' ');
      expect(await Promise.all(uploads.map(({ status }) => status))).toEqual([400, 400, 400, 400, 400]);
    }
  });
});
