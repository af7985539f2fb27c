import { describe, expect, it } from 'vitest';
import { gapsIn, paceOf, type RunFlags } from '../../../src/cli/rollout/options.ts';

const flags: RunFlags = {
  namespace: 'shop',
  mode: 'restart',
  atATime: '1',
  perNamespace: '5',
  pause: '0s',
  settle: '10s',
  timeout: '10m',
};

describe('the flags of rollout run', () => {
  it('are numbers, durations and a window', () => {
    expect(paceOf({ ...flags, atATime: '3', pause: '30s', timeout: '1h' })).toEqual({
      atATime: 3,
      perNamespace: 5,
      pauseMs: 30_000,
      settleMs: 10_000,
      timeoutMs: 3_600_000,
      window: undefined,
    });
    expect(paceOf({ ...flags, window: '22:00-05:00 Asia/Seoul' }).window).toMatchObject({ zone: 'Asia/Seoul' });
  });

  it.each<[Partial<RunFlags>, string]>([
    [{ atATime: '0' }, '--at-a-time'],
    [{ perNamespace: 'all' }, '--per-namespace'],
    [{ pause: '30' }, '--pause'],
    [{ settle: '-1s' }, '--settle'],
    [{ timeout: '1d' }, '--timeout'],
    [{ window: 'night' }, '--window'],
  ])('%j is refused', (wrong, flag) => {
    expect(() => paceOf({ ...flags, ...wrong })).toThrow(flag);
  });

  it('limit the workloads of a namespace only if they say so', () => {
    expect(paceOf({ ...flags, perNamespace: undefined }).perNamespace).toBeGreaterThan(99_999);
  });

  it('are refused all at once', () => {
    expect(() => paceOf({ ...flags, pause: 'x', settle: 'y' })).toThrow(/--pause[^]*--settle/);
  });
});

describe('the reasons', () => {
  it('are all but what is only stopped', () => expect(gapsIn({})).toEqual(['missing', 'outdated', 'leftover']));

  it('are those that are given', () =>
    expect(gapsIn({ reason: 'stopped, outdated' })).toEqual(['outdated', 'stopped']));

  it.each(['', 'old', 'missing,old'])('%j is refused', (reason) => {
    expect(() => gapsIn({ reason })).toThrow('--reason');
  });
});
