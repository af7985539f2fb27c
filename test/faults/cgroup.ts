import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../support/wait-for.ts';

const MIB = 1024 * 1024;

/** A memory cgroup with a limit, like that of a container. */
export interface MemoryCgroup {
  /** The command that runs its further arguments in the cgroup: `through` of a server. */
  readonly through: readonly string[];
  readonly limitMiB: number;
  /** Everything that counts towards the limit, page cache included. */
  readonly usedMiB: () => number;
  readonly peakMiB: () => number;
  /** Processes that the kernel killed because of the limit. */
  readonly oomKills: () => number;
  /** All processes in it must have ended. */
  readonly remove: () => Promise<void>;
}

/** File names of one version of cgroups (cgroups(7)). */
interface Version {
  readonly root: string;
  readonly limit: string;
  readonly used: string;
  readonly peak: string;
  /** The file with the line `oom_kill N`. */
  readonly events: string;
}

const versions: readonly Version[] = [
  {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    peak: 'memory.max_usage_in_bytes',
    events: 'memory.oom_control',
  },
  {
    root: '/sys/fs/cgroup',
    limit: 'memory.max',
    used: 'memory.current',
    peak: 'memory.peak',
    events: 'memory.events',
  },
];

/** Undefined where no cgroup can be made (not root, no cgroups, a read-only mount); a line on stderr then says why. */
export function memoryCgroup(limitMiB: number): MemoryCgroup | undefined {
  const failures: string[] = [];
  for (const version of versions) {
    const dir = join(version.root, `agent-injector-faults-${randomUUID()}`);
    try {
      return openCgroup(version, dir, limitMiB);
    } catch (error) {
      failures.push(String(error));
      if (existsSync(dir)) rmdirSync(dir);
    }
  }
  console.error(`skipped: no memory cgroup can be made here (${failures.join('; ')})`);
  return undefined;
}

function openCgroup(version: Version, dir: string, limitMiB: number): MemoryCgroup {
  mkdirSync(dir);
  // Fails in a directory that is no memory cgroup: it has no such file.
  writeFileSync(join(dir, version.limit), String(limitMiB * MIB), { flag: 'r+' });
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
  return {
    through: ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(dir, 'cgroup.procs')],
    limitMiB,
    usedMiB: () => Number(read(version.used)) / MIB,
    peakMiB: () => Number(read(version.peak)) / MIB,
    oomKills: () => Number(/^oom_kill (\d+)$/m.exec(read(version.events))?.[1] ?? 0),
    remove: async () => {
      // The kernel lets go of a process some moments after its exit.
      await waitFor('the cgroup to be empty', () => {
        rmdirSync(dir);
        return true;
      });
    },
  };
}
