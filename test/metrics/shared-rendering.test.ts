import { beforeEach, expect, it, vi } from 'vitest';
import { shareRendering } from '../../src/metrics/shared-rendering.ts';
import { ManualClock } from '../support/manual-clock.ts';

let clock: ManualClock;
let started: number;
let count: number;
let read: () => Promise<Buffer>;
beforeEach(() => {
  clock = new ManualClock();
  started = 0;
  count = 0;
  read = shareRendering(async () => {
    started += 1;
    return `${count}`;
  }, clock);
});

it('the first call renders at once', async () => {
  expect(String(await read())).toBe('0');
  clock.expectNoTimers();
});

it('calls within a second wait for the next rendering, and share its buffer', async () => {
  await read();
  clock.advance(1);
  const calls = Array.from({ length: 300 }, async () => read());
  await clock.whenOpen();
  count = 7;
  clock.advance(998);
  expect(started).toBe(1);
  clock.advance(1);
  const [first, ...others] = await Promise.all(calls);
  expect(String(first)).toBe('7');
  expect(others.every((other) => other === first)).toBe(true);
  expect(started).toBe(2);
});

it('a call during a rendering waits for the next one, which starts when the first has ended', async () => {
  const inFlight: ((text: string) => void)[] = [];
  const whenStarted = async (renderings: number): Promise<void> =>
    vi.waitFor(() => expect(inFlight).toHaveLength(renderings));
  read = shareRendering(async () => new Promise((resolve) => inFlight.push(resolve)), clock);
  const first = read();
  await whenStarted(1);
  clock.advance(5000);
  const second = read();
  await new Promise(setImmediate);
  await whenStarted(1);
  inFlight[0]?.('first');
  expect(String(await first)).toBe('first');
  await whenStarted(2);
  inFlight[1]?.('second');
  expect(String(await second)).toBe('second');
});

it('an error reaches all callers of that rendering, and not those of the next', async () => {
  read = shareRendering(async () => {
    started += 1;
    if (started === 1) throw new Error('broken');
    return 'sound';
  }, clock);
  const failed = [read(), read()];
  await expect(Promise.allSettled(failed)).resolves.toMatchObject([
    { reason: { message: 'broken' } },
    { reason: { message: 'broken' } },
  ]);
  clock.advance(1000);
  expect(String(await read())).toBe('sound');
});
