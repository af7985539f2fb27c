import type { Bench, Loading } from './bench.ts';
import type { Window } from './load.ts';
import { residentMiB } from '../support/process-figures.ts';
import type { SampleBook } from './samples.ts';
import type { Server } from './servers.ts';

/** A server with the load that it is to get. */
export interface Contender {
  /** What it is called as it is measured. */
  readonly name: string;
  readonly server: Server;
  readonly run: () => Promise<Window>;
  readonly takes: (window: Window) => void;
}

/**
 * Window after window, server after server, round after round: A B C A B C. What makes the machine slower for a while makes all of them
 * slower. Says each window as it ends.
 */
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

/** Load until the code is compiled and the memory has its usual size. */
export async function warmUp(bench: Bench, servers: readonly Server[], seconds = 10): Promise<void> {
  const usual = { connections: 8, settle: 0.1, seconds };
  for (const server of servers) {
    await bench.window(server, { ...usual, reviews: 20_000 });
    await bench.window(server, { ...usual, reviews: 5000, strangers: true });
  }
}

/** How many connections there are in each case. */
const CONNECTIONS = [1, 8, 64];

/** In each of four namespaces: more than any server would remember the answers of. */
const MANY_DEPLOYMENTS = 500;

/**
 * Reviews per second, CPU of each and how long each takes: floors and product, one after the other. The product gets three kinds of pods: of 64
 * Deployments, each of a ReplicaSet of its own, and, at 8 connections, of 2,000 Deployments. To the floors they are all the same.
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
    // Those that were under way when a window ended have a line, too, but no answer that was waited for.
    const [answered, logged] = [bench.answeredBy(server), await server.logged?.()];
    if (logged !== undefined && logged < answered)
      throw new Error(`${answered} answers, but ${logged} lines in the log`);
  }
}
