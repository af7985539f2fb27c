import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** The core of a process: servers on the first, their callers on the second. */
export type Place = 'server' | 'generator' | 'anywhere';

/** True if processes are pinned to cores: `taskset` needs Linux and two cores. */
export const pinned: boolean = availableParallelism() >= 2 && process.platform === 'linux';

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

/** Starts a command on its core. The process id is that of the command. The command is killed when the bench exits. */
export function start(place: Place, command: readonly [string, ...string[]], options: SpawnOptions): ChildProcess {
  const pin = pinned && place !== 'anywhere' ? ['taskset', '-c', place === 'server' ? '0' : '1'] : [];
  const [program, ...args] = [...pin, ...command];
  // A separate process group: on Ctrl-C the bench ends its processes in order.
  const child = spawn(program ?? '', args, { ...options, detached: true });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
