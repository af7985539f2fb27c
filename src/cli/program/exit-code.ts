import { CommanderError } from 'commander';
import { errorMessage } from '../../lib/error-message.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { linesText } from './output.ts';

/** The exit codes of all commands. docs/reference/commands.md has them as a table. */
export const exitCodes: Readonly<Record<0 | 1 | 2 | 3, string>> = {
  0: 'success: nothing to report',
  1: 'the command ran and found something wrong; a server (`serve`, `observe`) could not start or stopped by an error',
  2: 'invalid flags, arguments or files: all problems on stderr',
  3: 'the command could not look: the cluster did not answer, does not have what is named, or you may not read it',
};

const SERVERS: ReadonlySet<string> = new Set(['serve', 'observe']);

/** Prints the problems of a failed command, and returns its exit code. A server that fails has not looked at anything. */
export function exitCodeFor(error: unknown, command: string | undefined): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const problems = error instanceof UsageError ? error.problems : [errorMessage(error)];
  process.stderr.write(linesText(problems.map((problem) => `agent-injector: ${problem}`)));
  if (error instanceof UsageError) return 2;
  return command !== undefined && SERVERS.has(command) ? 1 : 3;
}
