import { readFileSync } from 'node:fs';

/** CPU time of all threads of a process so far, user and system, in ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The program name in parentheses can contain anything. utime and stime are the 12th and 13th field after it (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // The unit is 10 ms on every Linux that Node supports (sysconf(_SC_CLK_TCK)).
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function residentMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS');
}

/** Peak of the resident memory, including mapped files. */
export function peakMiB(pid: number): number {
  return statusMiB(pid, 'VmHWM');
}

/** Resident memory without mapped files, which a container's limit cannot reclaim. */
export function anonymousMiB(pid: number): number {
  return statusMiB(pid, 'RssAnon');
}

function statusMiB(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no memory`);
  return Number(kib) / 1024;
}
