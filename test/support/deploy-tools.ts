import { spawnSync } from 'node:child_process';

/** The program that the variable (`HELM`, `PROMTOOL`, `CRANE`) names, or the one on the PATH; undefined if there is none. */
function findProgram(variable: string, name: string, args: readonly string[]): string | undefined {
  const program = process.env[variable] || name;
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0 ? program : undefined;
}

export const helm: string | undefined = findProgram('HELM', 'helm', ['version']);

export const promtool: string | undefined = findProgram('PROMTOOL', 'promtool', ['--version']);

/** A client of registries that is also a registry. */
export const crane: string | undefined = findProgram('CRANE', 'crane', ['version']);

/** Runs a program, whatever its exit code. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...options,
  });
  if (error) throw error;
  return { code: status, stdout, stderr };
}
