import { beforeEach, describe, expect, it } from 'vitest';
import { ProblemLog } from '../../src/lib/logger.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

let clock: ManualClock;
let logger: RecordingLogger;
let log: ProblemLog;
beforeEach(() => {
  clock = new ManualClock();
  logger = new RecordingLogger();
  log = new ProblemLog(logger, clock);
});

describe('ProblemLog', () => {
  it('logs a problem when it begins, and once a minute while it lasts', () => {
    log.report({}, 'down');
    clock.advance(59_999);
    log.report({}, 'down');
    expect(logger.messages).toEqual(['warn down']);
    clock.advance(1);
    log.report({}, 'down');
    expect(logger.messages).toEqual(['warn down', 'warn down']);
  });

  it('logs another problem at once', () => {
    log.report({}, 'down');
    log.report({}, 'forbidden');
    expect(logger.messages).toEqual(['warn down', 'warn forbidden']);
  });

  it('logs once that a problem is resolved, and nothing without a problem', () => {
    log.resolve({}, 'up');
    log.report({}, 'down');
    log.resolve({}, 'up');
    log.resolve({}, 'up');
    expect(logger.messages).toEqual(['warn down', 'info up']);
  });

  it('does not log a problem that comes and goes more than once a minute', () => {
    for (let second = 0; second < 60; second++) {
      log.report({}, 'down');
      log.resolve({}, 'up');
      clock.advance(1000);
    }
    expect(logger.messages).toEqual(['warn down', 'info up']);
  });
});
