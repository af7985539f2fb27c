// The node:https floor: reads and parses a review, and answers a fixed patch.
import { createServer } from 'node:https';
import { floorAnswer, floorArguments } from './floor-answer.ts';

const { port, cert, key, fixed } = floorArguments();
createServer({ cert, key, keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString() ?? '';
    const body = JSON.stringify(floorAnswer(JSON.parse(text), fixed));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
}).listen(port, '127.0.0.1');
// A regular exit writes the CPU profile.
process.on('SIGTERM', () => process.exit());
