import { describe, expect, it } from 'vitest';
import { isOpen, parseWindow } from '../../../src/diagnostics/rollout/window.ts';

const at = (text: string): number => Date.parse(text);

describe('a time window', () => {
  it.each([
    ['09:00-17:00', '2026-11-30T09:00:00Z', true],
    ['09:00-17:00', '2026-11-30T16:59:59Z', true],
    ['09:00-17:00', '2026-11-30T17:00:00Z', false],
    ['09:00-17:00', '2026-11-30T08:59:59Z', false],
    ['22:00-05:00', '2026-11-30T23:30:00Z', true],
    ['22:00-05:00', '2026-11-30T00:00:00Z', true],
    ['22:00-05:00', '2026-11-30T05:00:00Z', false],
    ['22:00-05:00 Asia/Seoul', '2026-11-30T13:00:00Z', true],
    ['22:00-05:00 Asia/Seoul', '2026-11-30T12:59:00Z', false],
    // The clocks of New York went back on 1 November.
    ['01:00-02:00 America/New_York', '2026-10-31T05:30:00Z', true],
    ['01:00-02:00 America/New_York', '2026-11-30T06:30:00Z', true],
    ['01:00-02:00 America/New_York', '2026-11-30T05:30:00Z', false],
  ])('%s at %s: %s', (text, time, expected) => {
    const parsed = parseWindow(text, 'UTC');
    expect(parsed.ok && isOpen(parsed.value, at(time))).toBe(expected);
  });

  it.each(['', '22-05', '24:00-05:00', '22:60-05:00', '22:00-22:00', '22:00-05:00 Asia/Nowhere', '22:00 - 05:00'])(
    'is not %j',
    (text) => expect(parseWindow(text, 'UTC').ok).toBe(false),
  );
});
