import type { Bench, Loading } from './bench.ts';
import type { Shape } from './reviews.ts';
import type { SampleBook } from './samples.ts';
import type { Server } from './servers.ts';
import { interleaved, type Contender } from './throughput.ts';

const SHAPES: readonly Shape[] = [1, 10, 30].map((containers) => ({ containers, variables: 20 }));
const CONNECTIONS = 8;

/** CPU per review of pods with 1, 10 and 30 containers of 20 variables. The answers of the floors are as long as those of the product. */
export async function podGrowth(bench: Bench, book: SampleBook): Promise<void> {
  const product = await bench.product();
  const floors: Server[] = [];
  const contenders: Contender[] = [];
  const contend = (server: Server, shape: Shape, name = server.name, loading: Partial<Loading> = {}): void => {
    const at = { row: 'pod-growth', variant: `${shape.containers}x${shape.variables}`, server: name };
    contenders.push({
      name: `${at.variant}, ${name}`,
      server,
      run: async () => bench.window(server, { connections: CONNECTIONS, ...loading }, shape),
      takes: ({ cpuPerReview, perSecond, answerBytes }) => {
        book.add({ ...at, figure: 'cpu' }, cpuPerReview);
        book.add({ ...at, figure: 'perSecond' }, perSecond);
        book.add({ ...at, figure: 'answerBytes' }, answerBytes);
      },
    });
  };
  for (const shape of SHAPES) {
    const floor = await bench.floor('fastify', shape);
    floors.push(floor);
    contend(floor, shape);
    contend(product, shape);
    contend(product, shape, 'product-strangers', { strangers: true });
  }
  const small = await bench.floor('fastify');
  floors.push(small);
  for (const shape of SHAPES.slice(-1)) contend(small, shape, 'fastify with a small answer', { small: true });
  for (const { run } of contenders) await run();
  await interleaved(bench.options.rounds, contenders);
  for (const server of [...floors, product]) await server.stop();
}
