import { createProgram } from './cli/program/program.ts';
import { exitCodeFor } from './cli/program/exit-code.ts';

// `agent-injector inject … | head` closes the pipe early: not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// Without await: the single executable is CommonJS, which has none here.
createProgram(process.argv[1])
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = exitCodeFor(error, process.argv[2]);
  });
