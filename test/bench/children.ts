import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Where a process runs: servers on the first core, what asks them on the second. */
export type Place = 'server' | 'generator' | 'anywhere';

/** Whether each place has a core of its own: `taskset` needs two of them, and Linux. */
export const pinned: boolean = availableParallelism() >= 2 && process.platform === 'linux';

const running = new Set<ChildProcess>();

// However the bench ends, nothing of it stays.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

/** Starts a command at its place; the process id is that of the command itself. It is killed, at the latest, when the bench ends. */
export function start(place: Place, command: readonly [string, ...string[]], options: SpawnOptions): ChildProcess {
  const pin = pinned && place !== 'anywhere' ? ['taskset', '-c', place === 'server' ? '0' : '1'] : [];
  const [program, ...args] = [...pin, ...command];
  // A group of its own: Ctrl-C is for the bench, which ends its processes in the right order.
  const child = spawn(program ?? '', args, { ...options, detached: true });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** Sends the signal and waits for the end. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
