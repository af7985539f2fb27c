import type { Bench } from './bench.ts';
import type { Window } from './load.ts';
import { residentMiB } from './process-figures.ts';
import type { Server } from './servers.ts';

/** The windows of each server, round by round. */
export type Rounds = Readonly<Record<string, readonly Window[]>>;

/**
 * Window after window, server after server, round after round: A B C A B C. What makes the machine slower for a while makes all of them
 * slower. Says each window as it ends.
 */
export async function interleaved(
  bench: Bench,
  servers: readonly Server[],
  connections: number,
  run: (server: Server) => Promise<Window> = async (server) => bench.window(server, { connections }),
): Promise<Rounds> {
  const rounds: Record<string, Window[]> = Object.fromEntries(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < bench.options.rounds; round += 1) {
    for (const server of servers) {
      const window = await run(server);
      rounds[server.name]?.push(window);
      console.log(`  ${line(server, window, connections)}`);
    }
  }
  return rounds;
}

function line(server: Server, window: Window, connections: number): string {
  const { perSecond, cpuPerReview, p50, p99, serverShare, generatorShare, opened } = window;
  const share = (value: number): string => `${Math.round(value * 100)} %`;
  return [
    `${server.name} at ${connections}: ${Math.round(perSecond)}/s, ${cpuPerReview.toFixed(1)} us CPU`,
    `p50 ${Math.round(p50)} us, p99 ${Math.round(p99)} us`,
    `server ${share(serverShare)}, generator ${share(generatorShare)}, ${opened} reconnects, ${Math.round(residentMiB(server.pid))} MiB`,
  ].join('; ');
}

/** Load until the code is compiled and the memory has its usual size. */
export async function warmUp(bench: Bench, servers: readonly Server[]): Promise<void> {
  for (const server of servers)
    await bench.window(server, { connections: 8, settle: 0.1, seconds: 10, reviews: 20_000 });
}
