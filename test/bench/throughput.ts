import type { Bench, Loading } from './bench.ts';
import type { Window } from './load.ts';
import { residentMiB } from '../support/process-figures.ts';
import type { SampleBook } from './samples.ts';
import type { Server } from './servers.ts';

/** A server with its load. */
export interface Contender {
  /** The name in the samples. */
  readonly name: string;
  readonly server: Server;
  readonly run: () => Promise<Window>;
  readonly takes: (window: Window) => void;
}

/** Measures the servers in turn, round by round (A B C A B C), so that a slow machine affects all of them. */
export async function interleaved(rounds: number, contenders: readonly Contender[]): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, server, run, takes } of contenders) {
      const window = await run();
      takes(window);
      console.log(`  ${name}: ${line(server, window)}`);
    }
  }
}

function line(server: Server, window: Window): string {
  const { perSecond, cpuPerReview, p50, p99, serverShare, generatorShare, opened } = window;
  const share = (value: number): string => `${Math.round(value * 100)} %`;
  return [
    `${Math.round(perSecond)}/s, ${cpuPerReview.toFixed(1)} us CPU`,
    `p50 ${Math.round(p50)} us, p99 ${Math.round(p99)} us`,
    `server ${share(serverShare)}, generator ${share(generatorShare)}, ${opened} reconnects, ${Math.round(residentMiB(server.pid))} MiB`,
  ].join('; ');
}

/** Loads servers until their code is compiled and their memory is stable. */
export async function warmUp(bench: Bench, servers: readonly Server[], seconds = 10): Promise<void> {
  const usual = { connections: 8, settle: 0.1, seconds };
  for (const server of servers) {
    await bench.window(server, { ...usual, reviews: 20_000 });
    await bench.window(server, { ...usual, reviews: 5000, strangers: true });
  }
}

const CONNECTIONS = [1, 8, 64];

/** Deployments in each of four namespaces: more than the answer cache holds. */
const MANY_DEPLOYMENTS = 500;

/**
 * Reviews per second, CPU per review and response times of the floors and the product. The product gets three kinds of pods: of 64 Deployments,
 * of a new ReplicaSet each, and, with 8 connections, of 2,000 Deployments. For the floors, the kind makes no difference.
 */
export async function throughput(bench: Bench, book: SampleBook): Promise<void> {
  const [raw, fastify, product] = [await bench.floor('raw'), await bench.floor('fastify'), await bench.product()];
  const servers = [raw, fastify, product];
  await warmUp(bench, servers);
  for (const connections of CONNECTIONS) {
    console.log(`  at ${connections}`);
    const contend = (server: Server, name = server.name, loading: Partial<Loading> = {}): Contender => ({
      name,
      server,
      run: async () => bench.window(server, { connections, ...loading }),
      takes: (window) => {
        const { perSecond, cpuPerReview: cpu, p50, p99, serverShare, generatorShare, answerBytes } = window;
        const at = { row: 'throughput', variant: String(connections), server: name };
        const figures = { perSecond, cpu, p50, p99, serverShare, generatorShare, answerBytes };
        for (const [figure, value] of Object.entries(figures)) book.add({ ...at, figure }, value);
      },
    });
    const many = { deployments: MANY_DEPLOYMENTS };
    await interleaved(bench.options.rounds, [
      contend(raw),
      contend(fastify),
      contend(product),
      contend(product, 'product-strangers', { strangers: true }),
      ...(connections === 8 ? [contend(product, 'product-many', many)] : []),
    ]);
  }
  for (const server of servers) {
    await server.stop();
    // Reviews in flight at the end of a window have a log line, but are not counted as answered.
    const [answered, logged] = [bench.answeredBy(server), await server.logged?.()];
    if (logged !== undefined && logged < answered)
      throw new Error(`${answered} answers, but ${logged} lines in the log`);
  }
}
