import { readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { systemClock } from '../lib/clock.ts';
import { type Logger, ProblemLog } from '../lib/logger.ts';

/** File descriptors reserved for everything but callers: probes, watches, look-ups, files. */
const RESERVED_DESCRIPTORS = 24;

const MIN_CONNECTIONS = 8;

/**
 * Number of connections that leaves enough file descriptors for probes and the API server; undefined if the system reports no limit. `limits` is
 * the text of /proc/self/limits, `open` the number of descriptors in use.
 */
export function maxConnections(limits: string, open: number): number | undefined {
  // "Max open files            64                   64                   files": soft, then hard (proc(5)). Node.js raises the soft one itself.
  const soft = /^Max open files +(\d+) /m.exec(limits)?.[1];
  return soft === undefined ? undefined : Math.max(MIN_CONNECTIONS, Number(soft) - open - RESERVED_DESCRIPTORS);
}

/**
 * Makes a server refuse connections before they use the last file descriptor: otherwise /livez could not be answered, and the kubelet would restart
 * a healthy server. Logs refusals once a minute.
 */
export function limitConnections(server: Server, logger: Logger): void {
  const connections = maxConnectionsHere();
  if (connections === undefined) return;
  const log = new ProblemLog(logger, systemClock);
  server.maxConnections = connections;
  server.on('drop', () => {
    log.report({ connections }, 'connections are refused: the limit on open file descriptors is almost reached');
  });
}

function maxConnectionsHere(): number | undefined {
  try {
    return maxConnections(readFileSync('/proc/self/limits', 'utf8'), readdirSync('/proc/self/fd').length);
  } catch {
    // Not Linux.
    return undefined;
  }
}
