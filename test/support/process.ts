import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { executable } from './built.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The first log line that matches, written already or later. Rejects if the process ends without one. */
  readonly logged: (matches: (line: Record<string, unknown>) => boolean) => Promise<Record<string, unknown>>;
}

/** The environment without settings of agent-injector and Kubernetes. */
const cleanEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('AGENT_INJECTOR_') && !name.startsWith('KUBE')),
);

/** Starts the built executable. */
export function start(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; stdin?: string } = {},
): Started {
  const child = spawn(process.execPath, [executable, ...args], {
    env: { ...cleanEnvironment, ...options.env },
    cwd: options.cwd,
    stdio: 'pipe',
  });
  child.stdin.end(options.stdin ?? '');
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const lines: Record<string, unknown>[] = [];
  const listeners = new Set<(line: Record<string, unknown>) => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (!text.startsWith('{"level"')) return;
    const line = JSON.parse(text) as Record<string, unknown>;
    lines.push(line);
    for (const listener of listeners) listener(line);
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  const logged: Started['logged'] = (matches) =>
    new Promise((resolve, reject) => {
      const known = lines.find(matches);
      if (known) return resolve(known);
      listeners.add((line) => matches(line) && resolve(line));
      void ended.then(({ code }) => reject(new Error(`ended with ${code}: ${stderr}${stdout}`)));
    });
  return { child, ended, logged };
}

/** Runs the built executable until it ends. */
export function run(args: readonly string[], options: Parameters<typeof start>[1] = {}): Promise<Ended> {
  return start(args, options).ended;
}
