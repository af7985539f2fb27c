import { readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { systemClock } from '../lib/clock.ts';
import { type Logger, TroubleLog } from '../lib/logger.ts';

/** File descriptors for everything but callers: probes, watches, look-ups, files that are read. */
const KEPT = 24;

const FEWEST_CONNECTIONS = 8;

/**
 * How many callers may be connected so that file descriptors are left for probes and for the API server; undefined where the system does not
 * say. `limits` is the text of /proc/self/limits, `open` how many descriptors there are already.
 */
export function mostConnections(limits: string, open: number): number | undefined {
  // "Max open files            64                   64                   files": soft, then hard (proc(5)). Node raises the soft one itself.
  const soft = /^Max open files +(\d+) /m.exec(limits)?.[1];
  return soft === undefined ? undefined : Math.max(FEWEST_CONNECTIONS, Number(soft) - open - KEPT);
}

/**
 * Has a server refuse callers before they take the last file descriptor: then /livez could not be asked, and the kubelet would restart a server
 * that lacks nothing else. Says so in the log, once a minute.
 */
export function limitConnections(server: Server, logger: Logger): void {
  const most = mostConnectionsHere();
  if (most === undefined) return;
  const log = new TroubleLog(logger, systemClock);
  server.maxConnections = most;
  server.on('drop', () => {
    log.trouble({ connections: most }, 'callers are refused: more are connected than there are file descriptors for');
  });
}

function mostConnectionsHere(): number | undefined {
  try {
    return mostConnections(readFileSync('/proc/self/limits', 'utf8'), readdirSync('/proc/self/fd').length);
  } catch {
    // No Linux.
    return undefined;
  }
}
