import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The file to which stdout and stderr are appended. */
  readonly logPath: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that guard.js kills when this one ends, even by SIGKILL. */
export interface GuardedProcess {
  /** The process id of the command, not of its guard. */
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Undefined while the process runs. */
  readonly exit: () => Exit | undefined;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Sends the signal, SIGKILL by default, and waits for the exit. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Exit>;
  /** The output so far. */
  readonly log: () => string;
}

/** Resolves when the command runs. */
export async function startProcess({ command, args, env = {}, cwd, logPath }: Command): Promise<GuardedProcess> {
  const log = openSync(logPath, 'a');
  const guard = fork(fileURLToPath(new URL('guard.js', import.meta.url)), [command, ...args], {
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, ...env },
    execArgv: [],
    // A separate process group: Ctrl-C ends the tests, and these (or the guard) end the command.
    detached: true,
    ...(cwd !== undefined && { cwd }),
  });
  closeSync(log);
  let last: Exit | undefined;
  let pid: number | undefined;
  guard.on('message', (message: { readonly pid: number } | Exit) => {
    if ('pid' in message) pid = message.pid;
    else last = message;
  });
  const exited = once(guard, 'exit').then(([code, signal]): Exit => (last ??= { code, signal }));
  await Promise.race([once(guard, 'message'), exited]);
  if (pid === undefined) throw new Error(`cannot start ${command}: ${readFileSync(logPath, 'utf8').slice(-500)}`);

  const signal = (name: NodeJS.Signals): void => {
    if (guard.connected) guard.send(name);
  };
  return {
    pid,
    exited,
    exit: () => last,
    signal,
    stop: async (name = 'SIGKILL') => {
      signal(name);
      return exited;
    },
    log: () => readFileSync(logPath, 'utf8'),
  };
}
