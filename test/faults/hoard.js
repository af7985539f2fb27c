// Opens connections that take memory of the server and give nothing back, in a separate process: `fork('hoard.js')`. The message {port, ca, count,
// texts, atATime} opens `count` of them, `atATime` at once, and sends on each one of `texts`; an empty one begins no handshake. `renew` replaces
// those that the server closes. The answer, when all have been opened, is the number that is still open; they stay until the process ends.
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';

const HOLD_MS = 20;

process.on('disconnect', () => process.exit());

process.on('message', async ({ port, ca, count, texts, atATime = 32, renew = false }) => {
  let open = 0;
  let next = 0;
  const hold = () =>
    new Promise((resolve) => {
      const text = texts[next++ % texts.length];
      const to = { host: '127.0.0.1', port };
      const socket = text === '' ? connectTcp(to) : connect({ ...to, ca, servername: 'localhost' });
      open++;
      socket.on('error', () => {});
      // The server has read it, or has closed the connection.
      if (text === '') socket.on('connect', resolve);
      else socket.on('secureConnect', () => socket.write(text, () => setTimeout(resolve, HOLD_MS)));
      socket.resume();
      socket.on('close', () => {
        open--;
        if (renew) setTimeout(hold, HOLD_MS);
        resolve();
      });
    });
  const holdNext = async () => {
    if (next >= count) return;
    await hold();
    await holdNext();
  };
  await Promise.all(Array.from({ length: atATime }, holdNext));
  process.send(open);
});
