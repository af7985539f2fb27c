import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';

/** The longest time that reading profiles may block the event loop, in ms. */
const MAX_BLOCKING_MS = 5;

/** Does the work, and lets reviews be answered in between. */
export async function runInSlices<T>(work: Generator<void, T>, clock: Clock): Promise<T> {
  let since = clock.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (clock.now() - since < MAX_BLOCKING_MS) continue;
    // oxlint-disable-next-line eslint/no-await-in-loop -- reviews have priority
    await nextTurn();
    since = clock.now();
  }
}
