import { readdirSync, readFileSync } from 'node:fs';
import { MAX_NEW_CONNECTIONS, MAX_SCRAPERS } from './admin-connections.ts';

/** File descriptors reserved for everything but callers of the webhook: the admin port, watches, lookups, files. */
const RESERVED_DESCRIPTORS = 24 + MAX_NEW_CONNECTIONS + MAX_SCRAPERS;

const MIN_CONNECTIONS = 8;

/** Three API servers have fewer: each has at most 600 requests in flight by default. */
const MAX_CONNECTIONS = 2048;

/** Of the memory limit, connections can have this part. */
const MEMORY_PART = 4;

/**
 * Measured, with Node.js 20: an idle connection takes 40 KiB without a review, 57 KiB after a small one, and 125 KiB after one of 60 KiB or more,
 * because TLS keeps the buffers that it has read into.
 */
const BYTES_PER_CONNECTION = 128 * 1024;

/** What the system allows the process. */
export interface SystemLimits {
  /** The text of /proc/self/limits; undefined if there is none. */
  readonly limits: string | undefined;
  /** Number of open file descriptors. */
  readonly open: number;
  /** In bytes; 0 or more than any machine has: no limit. */
  readonly memory: number;
}

/**
 * Number of connections that leaves enough memory for reviews, and enough file descriptors for probes and the API server: without these, /livez
 * could not be answered, and the kubelet would restart a healthy server.
 */
export function maxConnections({ limits, open, memory }: SystemLimits): number {
  // "Max open files            64                   64                   files": soft, then hard (proc(5)). Node.js raises the soft one itself.
  const soft = /^Max open files +(\d+) /m.exec(limits ?? '')?.[1];
  const byDescriptors = soft === undefined ? Infinity : Number(soft) - open - RESERVED_DESCRIPTORS;
  const byMemory = memory === 0 ? Infinity : Math.floor(memory / MEMORY_PART / BYTES_PER_CONNECTION);
  return Math.max(MIN_CONNECTIONS, Math.min(MAX_CONNECTIONS, byDescriptors, byMemory));
}

export function maxConnectionsHere(): number {
  // Reads the limit of the memory cgroup, of version 1 or 2.
  const memory = process.constrainedMemory();
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return maxConnections({ limits, open: readdirSync('/proc/self/fd').length, memory });
  } catch {
    // Not Linux.
    return maxConnections({ limits: undefined, open: 0, memory });
  }
}
