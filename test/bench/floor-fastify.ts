// The Fastify floor: reads and parses a review, and answers a fixed patch. It has the product's options for timeouts and body size.
import fastify from 'fastify';
import { floorAnswer, floorArguments } from './floor-answer.ts';

const { port, cert, key, fixed } = floorArguments();
const server = fastify({
  logger: false,
  bodyLimit: 8 * 1024 * 1024,
  keepAliveTimeout: 120_000,
  https: { cert, key, minVersion: 'TLSv1.2' },
});
server.post('/mutate', (request, reply) => reply.send(floorAnswer(request.body, fixed)));
await server.listen({ host: '127.0.0.1', port });
// A regular exit writes the CPU profile.
process.on('SIGTERM', () => process.exit());
