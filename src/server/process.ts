import closeWithGrace from 'close-with-grace';
import pino, { type Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { traceOf } from '../lib/stack-trace.ts';
import { LogOutput, stdoutSink } from './log-output.ts';

export interface Running {
  /** The last step of a start, where there is one. A signal ends it by `drain`. */
  readonly register?: () => Promise<void>;
  /** Ends everything at once, after `register` has failed. */
  readonly close?: () => Promise<void>;
  /** Ends the work in an orderly way. */
  readonly drain: () => Promise<void>;
}

/** Runs a server until a signal. What `start` rejects with, this rejects with. */
export async function runProcess(
  { logLevel, drainSeconds }: Pick<Config, 'logLevel' | 'drainSeconds'>,
  start: (log: Logger, logLinesDropped: () => number) => Promise<Running>,
): Promise<void> {
  const output = new LogOutput(stdoutSink());
  process.once('exit', () => {
    output.flushSync();
  });
  const log = pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    output,
  );
  let running: Running | undefined;
  // First of all: without a handler, a signal would kill the process in the middle of its work.
  const signals = closeWithGrace({ delay: (drainSeconds + 10) * 1000, logger: false }, async ({ err, signal }) => {
    if (err) log.error({ err: traceOf(err) }, 'shutting down after an error');
    else if (running) log.info({ signal, drainSeconds }, 'draining');
    else log.info({ signal }, 'stopped during startup');
    await running?.drain();
  });
  try {
    running = await start(log, () => output.dropped);
    await running.register?.();
  } catch (error) {
    signals.uninstall();
    await running?.close?.();
    throw error;
  }
}
