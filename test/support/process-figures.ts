import { readFileSync } from 'node:fs';

/** The processor time of a process so far, all threads of it and the kernel for it, in ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name of the program, in parentheses, may hold anything; utime and stime are the 12th and 13th field behind it (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // The kernel counts in hundredths of a second on every Linux that Node runs on (sysconf(_SC_CLK_TCK)).
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Memory of a process that is in RAM, in MiB. */
export function residentMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS');
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
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no memory`);
  return Number(kib) / 1024;
}
