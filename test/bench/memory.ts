import type { Bench } from './bench.ts';
import { residentMiB } from '../support/process-figures.ts';
import type { SampleBook } from './samples.ts';
import type { Server } from './servers.ts';

const SETTLED_MS = 5000;
const FIRST = 50_000;
/** Reviews between two samples of the memory. */
const SLICE = 10_000;

const delay = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Memory of bare Fastify and of the product: idle, under load, after 50,000 reviews and after many more. */
export async function memory(bench: Bench, book: SampleBook): Promise<void> {
  let servers: readonly Server[] = [];
  for (let round = 0; round < bench.options.rounds; round += 1) {
    for (const server of servers) await server.stop();
    servers = [await bench.floor('fastify'), await bench.product()];
    await delay(SETTLED_MS);
    for (const server of servers) note(book, 'idle', server);
  }
  for (const server of servers) {
    await reviewed(bench, book, server, FIRST);
    await delay(SETTLED_MS);
    note(book, `after ${FIRST}`, server);
    // The floor has no state that could grow.
    if (server.name === 'fastify') continue;
    await reviewed(bench, book, server, bench.options.reviews - FIRST);
    await delay(SETTLED_MS);
    note(book, 'after all', server);
  }
  for (const server of servers) await server.stop();
}

/** Sends reviews over 8 and over 64 connections in turn, half of them of new ReplicaSets, and samples the memory. */
async function reviewed(bench: Bench, book: SampleBook, server: Server, count: number): Promise<void> {
  const sampling = setInterval(() => {
    book.add({ row: 'memory', variant: 'load', server: server.name, figure: 'rss' }, residentMiB(server.pid));
  }, 1000);
  try {
    let left = count;
    for (let slice = 0; left > 0; slice += 1) {
      const connections = slice % 2 === 0 ? 8 : 64;
      const job = { connections, strangers: slice % 4 < 2, settle: 0, seconds: 600, reviews: Math.min(left, SLICE) };
      left -= (await bench.window(server, job)).reviews;
    }
  } finally {
    clearInterval(sampling);
  }
}

function note(book: SampleBook, variant: string, server: Server): void {
  const value = residentMiB(server.pid);
  book.add({ row: 'memory', variant, server: server.name, figure: 'rss' }, value);
  console.log(`  ${server.name}, ${variant}: ${value.toFixed(1)} MiB`);
}
