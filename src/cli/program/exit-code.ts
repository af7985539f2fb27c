import { CommanderError } from 'commander';
import { errorMessage } from '../../lib/error-message.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { linesText } from './output.ts';

/** Prints the problems of a failed command. 1: the command failed, 2: its flags, arguments or files are invalid. */
export function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const problems = error instanceof UsageError ? error.problems : [errorMessage(error)];
  process.stderr.write(linesText(problems.map((problem) => `agent-injector: ${problem}`)));
  return error instanceof UsageError ? 2 : 1;
}
