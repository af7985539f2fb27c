import { readFileSync } from 'node:fs';

/** The processor time of a process so far, in ms. The kernel counts it in hundredths of a second. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before it may hold spaces and parentheses; utime and stime are the 14th and 15th field (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The most memory that the process has ever held, in MiB, what belongs to files included. */
export function peakMiB(pid: number): number {
  return statusMiB(pid, 'VmHWM');
}

/** The memory that it holds now and that belongs to no file, in MiB: what a container's limit cannot take back. */
export function anonymousMiB(pid: number): number {
  return statusMiB(pid, 'RssAnon');
}

function statusMiB(pid: number, field: string): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}
