// Sends large bodies at once, in a process of its own: `fork('bodies.js')`. One message, {port, ca, count, size, chunked}, is answered by how many
// answers of each status were read, and by how many connections broke before one was.
import { request } from 'node:https';

const PIECE = Buffer.alloc(64 * 1024, 'x');

process.on('disconnect', () => process.exit());
process.on('message', async (job) => {
  const seen = await Promise.all(Array.from({ length: job.count }, () => send(job)));
  const counts = {};
  for (const one of seen) counts[one] = (counts[one] ?? 0) + 1;
  process.send(counts);
});

/** The status, or the error. What cannot be written any more is no error as long as an answer is read. */
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
