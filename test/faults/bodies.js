// Sends large bodies at the same time, in a separate process: `fork('bodies.js')`. The answer to the message {port, ca, count, size, chunked} has
// the number of answers by status, and of errors by code.
import { request } from 'node:https';

const PIECE = Buffer.alloc(64 * 1024, 'x');

process.on('disconnect', () => process.exit());
process.on('message', async (job) => {
  const outcomes = await Promise.all(Array.from({ length: job.count }, () => send(job)));
  const counts = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  process.send(counts);
});

/** Resolves with the status or the error code. A failed write does not matter if an answer arrives. */
function send({ port, ca, size, chunked }) {
  return new Promise((resolve) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      ca,
      agent: false,
      servername: 'localhost',
      path: '/mutate?timeout=5s',
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(!chunked && { 'content-length': size }) },
    });
    let left = size;
    const write = () => {
      while (left > 0 && !sent.destroyed) {
        const piece = PIECE.subarray(0, Math.min(left, PIECE.length));
        left -= piece.length;
        if (!sent.write(piece)) return;
      }
      if (left === 0) sent.end();
    };
    sent.on('drain', write);
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        resolve(String(response.statusCode));
        sent.destroy();
      });
      response.on('error', (error) => resolve(error.code));
    });
    sent.on('error', (error) => resolve(error.code ?? error.message));
    write();
  });
}
