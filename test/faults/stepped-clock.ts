import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A clock on the wall that can be set while a process goes by it. */
export interface SteppedClock {
  /** For the process. */
  readonly env: Readonly<Record<string, string>>;
  /** So many days ahead of the true time from now on; behind it, if negative. */
  readonly set: (days: number) => void;
}

/** Builds the library that shifts the time, and puts what it needs into the folder. Needs gcc. */
export function steppedClock(dir: string): SteppedClock {
  const library = join(dir, 'stepped-clock.so');
  const source = join(import.meta.dirname, 'stepped-clock.c');
  execFileSync('gcc', ['-Wall', '-Wextra', '-O2', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  const shift = join(dir, 'shift');
  writeFileSync(shift, Buffer.alloc(8));
  return {
    env: { LD_PRELOAD: library, STEPPED_CLOCK: shift },
    set: (days) => {
      const seconds = Buffer.alloc(8);
      seconds.writeBigInt64LE(BigInt(days * 86_400));
      // In place: the process has the file mapped.
      const file = openSync(shift, 'r+');
      writeSync(file, seconds, 0, 8, 0);
      closeSync(file);
    },
  };
}
