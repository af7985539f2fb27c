// Keeps plain connections to the admin port open, in a separate process: `fork('admin-callers.js')`. The message {port, count, path} starts it; a
// connection without a path sends nothing. Others are opened again when the server closes them. It tells when each has been opened. Any further
// message ends it, and is answered with the numbers of answers and of connections.
import { connect } from 'node:net';
import { setPriority } from 'node:os';

// In a cluster, callers use no CPU of the server's node.
setPriority(10);

/** Pause before a closed connection is opened again: 300 callers then open at most 3,000 connections a second. */
const PAUSE_MS = 100;
const LENGTH = /content-length: (\d+)/i;

let answers = 0;
let connections = 0;
let isEnding = false;
const sockets = new Set();

function call({ port, count, path }) {
  const socket = connect(port, '127.0.0.1');
  const request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
  let missing = 0;
  sockets.add(socket);
  socket.on('connect', () => {
    connections += 1;
    if (connections === count) process.send('opened');
    if (path !== undefined) socket.write(request);
  });
  socket.on('data', (chunk) => {
    if (missing === 0) {
      const head = chunk.indexOf('\r\n\r\n');
      missing = head + 4 + Number(LENGTH.exec(chunk.toString('latin1', 0, head))?.[1] ?? 0);
    }
    missing -= chunk.length;
    if (missing > 0) return;
    missing = 0;
    answers += 1;
    socket.write(request);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    sockets.delete(socket);
    if (!isEnding && path !== undefined) setTimeout(call, PAUSE_MS, { port, count, path });
  });
}

process.on('disconnect', () => process.exit());
process.once('message', (job) => {
  for (let number = 0; number < job.count; number += 1) call(job);
  process.once('message', () => {
    isEnding = true;
    for (const socket of sockets) socket.destroy();
    process.send({ answers, connections });
  });
});
