// Opens slow connections, in a separate process: `fork('slow.js')`. The answer to the message {port, ca, count} comes when all are closed, and
// has the longest lifetime in milliseconds of each kind.
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

const EVERY_MS = 1000;
/** Interval between connections: the handshakes take time of this client's only thread. */
const APART_MS = 4;
const HEAD = 'POST /mutate?timeout=5s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
// The beginning of a ClientHello of 512 bytes.
const HELLO = Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.alloc(500, 7)]);

const tls = (port, ca, speak) => {
  const socket = connectTls({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  socket.on('secureConnect', () => speak(socket));
  return socket;
};
const drip = (socket, bytes) => {
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), EVERY_MS);
  socket.on('close', () => clearInterval(timer));
};

const kinds = {
  'headers, a byte a second': (port, ca) =>
    tls(port, ca, (socket) => drip(socket, Buffer.from(HEAD + 'x-padding: ' + 'x'.repeat(500)))),
  'body, a byte a second': (port, ca) =>
    tls(port, ca, (socket) => {
      socket.write(HEAD + 'content-length: 3000\r\n\r\n');
      drip(socket, Buffer.alloc(3000, ' '));
    }),
  'chunks, a byte a second': (port, ca) =>
    tls(port, ca, (socket) => {
      socket.write(HEAD + 'transfer-encoding: chunked\r\n\r\nbb8\r\n');
      drip(socket, Buffer.alloc(3000, ' '));
    }),
  'nothing after the handshake': (port, ca) => tls(port, ca, () => {}),
  'a handshake that never begins': (port) => connectTcp(port, '127.0.0.1'),
  'a handshake, a byte a second': (port) => {
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('connect', () => drip(socket, HELLO));
    return socket;
  },
};

process.on('disconnect', () => process.exit());
process.on('message', async ({ port, ca, count }) => {
  const names = Object.keys(kinds);
  const longest = {};
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const kind = names[index % names.length];
      await new Promise((resolve) => setTimeout(resolve, index * APART_MS));
      const begun = performance.now();
      const socket = kinds[kind](port, ca);
      socket.on('error', () => {});
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
      longest[kind] = Math.max(longest[kind] ?? 0, performance.now() - begun);
    }),
  );
  process.send(longest);
});
