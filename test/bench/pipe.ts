import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A pipe as a container runtime gives one to a container's stdout; `spawn` of Node would give a pair of sockets. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
  /** Gives up both ends, once those who use them have them. */
  readonly close: () => void;
}

export function makePipe(): Pipe {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-bench-pipe-'));
  const path = join(dir, 'log');
  execFileSync('mkfifo', [path]);
  // Either end alone would wait for the other to be opened.
  const both = openSync(path, 'r+');
  const [read, write] = [openSync(path, 'r'), openSync(path, 'w')];
  closeSync(both);
  rmSync(dir, { recursive: true });
  return {
    read,
    write,
    close: () => {
      closeSync(read);
      closeSync(write);
    },
  };
}
