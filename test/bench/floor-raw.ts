// The floor of node:https: reads, parses, answers a fixed patch.
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
// So that a profile of it is written.
process.on('SIGTERM', () => process.exit());
