import type { Bench } from './bench.ts';
import type { SampleBook } from './samples.ts';
import type { Server } from './servers.ts';
import { interleaved } from './throughput.ts';

const REVIEWS = 200;

/** As pods come in a cluster that is not busy. */
const PER_SECOND = 20;

/** CPU and response time of the first reviews after a start, each of a pod of a ReplicaSet not seen before. Every round starts its servers anew. */
export async function firstReviews(bench: Bench, book: SampleBook): Promise<void> {
  const starters: readonly (() => Promise<Server>)[] = [
    async () => bench.floor('raw'),
    async () => bench.floor('fastify'),
    async () => bench.product(),
  ];
  for (let round = 0; round < bench.options.rounds; round += 1) {
    for (const start of starters) {
      const server = await start();
      const { name } = server;
      const job = { connections: 1, strangers: true, settle: 0, seconds: 60, reviews: REVIEWS, perSecond: PER_SECOND };
      await interleaved(1, [
        {
          name,
          server,
          run: async () => bench.window(server, job),
          takes: ({ cpuPerReview: cpu, p50 }) => {
            const at = { row: 'first-reviews', variant: `first ${REVIEWS}`, server: name };
            for (const [figure, value] of Object.entries({ cpu, p50 })) book.add({ ...at, figure }, value);
          },
        },
      ]);
      await server.stop();
    }
  }
}
