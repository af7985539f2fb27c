import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { EventLoopTurns } from '../../../src/webhook/load-shedding/event-loop-turns.ts';

/** Keeps the event loop for so long. */
const work = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

/** What the turns say of each byte that a socket reads: how long it may have waited, at most. */
async function reading(
  onByte: (count: number) => void,
): Promise<{ send: () => void; waits: number[]; end: () => void }> {
  const turns = new EventLoopTurns();
  const waits: number[] = [];
  const server = createServer((socket: Socket) =>
    socket.on('data', () => {
      turns.note();
      waits.push(performance.now() - turns.waitingSince());
      onByte(waits.length);
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1');
  await once(client, 'connect');
  return { send: () => client.write('x'), waits, end: () => [client.destroy(), server.close()] };
}

const until = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
};

it('what comes while the loop is idle has not waited', async () => {
  const { send, waits, end } = await reading(() => {});
  for (let count = 1; count <= 3; count++) {
    await new Promise((resolve) => setTimeout(resolve, 120));
    send();
    await until(() => waits.length === count);
  }
  end();
  expect(Math.max(...waits)).toBeLessThan(100);
});

it('what comes while the loop is busy has waited for at most as long as it says', async () => {
  let sentAt = 0;
  let waited = 0;
  const { send, waits, end } = await reading((count) => {
    if (count === 1) {
      // The second comes at the beginning of a turn of 300 ms.
      send();
      sentAt = performance.now();
      work(300);
    } else if (count === 2) waited = performance.now() - sentAt;
  });
  send();
  await until(() => waits.length === 2);
  end();
  expect(waited).toBeGreaterThanOrEqual(300);
  expect(waits[1]).toBeGreaterThanOrEqual(300);
  expect(waits[1]).toBeLessThan(waited + 100);
});
