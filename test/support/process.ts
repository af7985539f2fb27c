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
  /** The first line of the log, now or later, that is wanted. Rejects when the process ends without one. */
  readonly logged: (wanted: (line: Record<string, unknown>) => boolean) => Promise<Record<string, unknown>>;
}

/** An environment without the settings of whoever runs the tests. */
const clean = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('AGENT_INJECTOR_') && !name.startsWith('KUBE')),
);

/** Starts the built executable as a process of its own. */
export function start(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; stdin?: string } = {},
): Started {
  const child = spawn(process.execPath, [executable, ...args], {
    env: { ...clean, ...options.env },
    cwd: options.cwd,
    stdio: 'pipe',
  });
  child.stdin.end(options.stdin ?? '');
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<(line: Record<string, unknown>) => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (!text.startsWith('{"level"')) return;
    const line = JSON.parse(text) as Record<string, unknown>;
    lines.push(line);
    for (const look of waiting) look(line);
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  const logged: Started['logged'] = (wanted) =>
    new Promise((resolve, reject) => {
      const before = lines.find(wanted);
      if (before) return resolve(before);
      waiting.add((line) => wanted(line) && resolve(line));
      void ended.then(({ code }) => reject(new Error(`ended with ${code}: ${stderr}${stdout}`)));
    });
  return { child, ended, logged };
}

/** Runs the built executable to its end. */
export function run(args: readonly string[], options: Parameters<typeof start>[1] = {}): Promise<Ended> {
  return start(args, options).ended;
}
