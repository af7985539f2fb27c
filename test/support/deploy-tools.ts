import { spawnSync } from 'node:child_process';

/** A program that checks what we deploy, or undefined where there is none. `HELM` and `PROMTOOL` name them; else they are looked for on the PATH. */
function findProgram(variable: string, name: string, args: readonly string[]): string | undefined {
  const program = process.env[variable] || name;
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0 ? program : undefined;
}

export const helm: string | undefined = findProgram('HELM', 'helm', ['version']);

export const promtool: string | undefined = findProgram('PROMTOOL', 'promtool', ['--version']);

/** Runs a program to its end, whatever the end is. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...options,
  });
  if (error) throw error;
  return { code: status, stdout, stderr };
}
