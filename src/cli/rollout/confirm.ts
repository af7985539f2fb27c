import { createInterface } from 'node:readline/promises';
import type { Terminal } from './run.ts';

/** Asks on the terminal; undefined if there is none. Only `y` and `yes` confirm. */
export function confirmation(): Terminal['confirm'] {
  if (!process.stdin.isTTY) return undefined;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await terminal.question(`${question} [y/N] `);
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      terminal.close();
    }
  };
}
