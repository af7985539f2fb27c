import type { Command } from 'commander';
import { type Clock, sleep, systemClock } from '../../lib/clock.ts';
import type { CommandResult } from '../command-result.ts';
import { print } from './command.ts';
import { outputText } from './output.ts';

const INTERVAL_MS = 5000;

/** The flag that `printResult` obeys. */
export interface Watched {
  readonly watch?: boolean | undefined;
}

export function withWatchFlag(command: Command): Command {
  return command.option('-w, --watch', 'Show it again whenever it has changed, until interrupted.');
}

/** Prints the result of a command: once or, with `--watch`, again whenever another one comes out. */
export async function printResult({ watch = false }: Watched, run: () => Promise<CommandResult>): Promise<void> {
  if (!watch) return print(await run());
  return printChanges(run);
}

/** Ends with the process, by an interrupt, or with the first error. */
export async function printChanges(
  run: () => Promise<CommandResult>,
  show: (result: CommandResult) => void = print,
  clock: Clock = systemClock,
): Promise<never> {
  let last: string | undefined;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const result = await run();
    const text = outputText(result.output);
    if (text !== last) show(result);
    last = text;
    // oxlint-disable-next-line no-await-in-loop -- the interval
    await sleep(clock, INTERVAL_MS);
  }
}
