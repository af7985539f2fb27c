// Opens connections that take memory of the server and give nothing back, in a separate process: `fork('hoard.js')`. The message
// {port, ca, count, send, announced, size, atATime} opens `count` of them, `atATime` at once, and sends on each the text `send`, or, with
// `announced`, the head of a review of that length and `size` bytes of it. When each is open or closed, the answer has the number of those that
// the server has not closed and the statuses that it sent; the connections stay until the process is disconnected.
import { connect } from 'node:tls';

process.on('disconnect', () => process.exit());

process.on('message', async ({ port, ca, count, send, announced, size, atATime = 32 }) => {
  const head =
    `POST /mutate?timeout=5s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    `content-length: ${announced}\r\n\r\n`;
  const bytes = Buffer.from(send ?? head + ' '.repeat(size));
  const statuses = {};
  let open = 0;
  let next = 0;
  const hold = () =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
      open++;
      socket.on('secureConnect', () => socket.write(bytes, resolve));
      socket.on('data', (chunk) => {
        const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1')) ?? [];
        if (status) statuses[status] = (statuses[status] ?? 0) + 1;
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        open--;
        resolve();
      });
    });
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      while (next++ < count) await hold();
    }),
  );
  process.send({ open, statuses });
});
