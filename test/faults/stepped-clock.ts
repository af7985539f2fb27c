import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A wall clock of a process that can be changed while it runs. */
export interface SteppedClock {
  /** Environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets the offset from the real time, in days. */
  readonly set: (days: number) => void;
}

/** Builds the library that shifts the time, with its files in the folder. Needs gcc. */
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
      // In place, because the process has mapped the file.
      const file = openSync(shift, 'r+');
      writeSync(file, seconds, 0, 8, 0);
      closeSync(file);
    },
  };
}
