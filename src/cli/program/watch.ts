import { sleep, systemClock } from '../../lib/clock.ts';
import type { CommandResult } from '../command-result.ts';
import { print } from './command.ts';
import { outputText } from './output.ts';

const INTERVAL_MS = 5000;

/** Prints a result, and again whenever another one comes out. Ends with the process: an interrupt is how people stop it. */
export async function printChanges(run: () => Promise<CommandResult>): Promise<never> {
  let last: string | undefined;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const result = await run();
    const text = outputText(result.output);
    if (text !== last) print(result);
    last = text;
    // oxlint-disable-next-line no-await-in-loop -- the interval
    await sleep(systemClock, INTERVAL_MS);
  }
}
