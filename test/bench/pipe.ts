import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A pipe, like the stdout of a container. `spawn` of Node.js would create a pair of sockets. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
  /** Closes both ends in this process, once the children have inherited them. */
  readonly close: () => void;
}

export function makePipe(): Pipe {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-bench-pipe-'));
  const path = join(dir, 'log');
  execFileSync('mkfifo', [path]);
  // Opening only one end would block until the other is opened.
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
