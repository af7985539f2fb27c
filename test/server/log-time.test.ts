import { expect, it } from 'vitest';
import { timestamps } from '../../src/server/log-output.ts';

it('a line has the time of its millisecond', () => {
  let now = Date.UTC(2026, 10, 21, 15, 0, 0, 7);
  const time = timestamps(() => now);
  expect([time(), time()]).toEqual([',"time":"2026-11-21T15:00:00.007Z"', ',"time":"2026-11-21T15:00:00.007Z"']);
  now += 1;
  expect(time()).toBe(',"time":"2026-11-21T15:00:00.008Z"');
  now -= 1000;
  expect(time()).toBe(',"time":"2026-11-21T14:59:59.008Z"');
});
