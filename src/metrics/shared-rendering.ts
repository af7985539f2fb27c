import { type Clock, sleep } from '../lib/clock.ts';

/** A rendering of all series takes 5 to 25 ms of the only thread. */
const INTERVAL_MS = 1000;

/**
 * Renders at most once a second, one rendering at a time. A call waits for the next rendering that begins, so it sees everything that was counted
 * before it, and all calls that wait get the same buffer.
 */
export function shareRendering(render: () => Promise<string>, clock: Clock): () => Promise<Buffer> {
  let waiting: Promise<Buffer> | undefined;
  let latest: Promise<unknown> = Promise.resolve();
  let earliestStart = clock.now();
  const renderAfter = async (previous: Promise<unknown>): Promise<Buffer> => {
    // Its own callers handle its error.
    await previous.catch(() => {});
    const waitMs = earliestStart - clock.now();
    if (waitMs > 0) await sleep(clock, waitMs);
    earliestStart = clock.now() + INTERVAL_MS;
    waiting = undefined;
    return Buffer.from(await render());
  };
  return async () => {
    waiting ??= renderAfter(latest);
    latest = waiting;
    return waiting;
  };
}
