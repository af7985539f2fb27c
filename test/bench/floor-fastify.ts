// The floor of Fastify: reads, parses, answers a fixed patch. Of the product's options those that let it live as long and read as much.
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
// So that a profile of it is written.
process.on('SIGTERM', () => process.exit());
