import { createConnection, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP proxy that can drop packets without closing connections. */
export interface Wire {
  readonly port: number;
  /** The number of connections so far, including those whose packets were dropped. */
  readonly connections: () => number;
  /** Drops all further packets of the open connections. */
  readonly sever: () => void;
  /** Drops all packets of new connections, too. */
  readonly setDark: (isDark: boolean) => void;
  readonly close: () => void;
}

export async function startWire(to: number): Promise<Wire> {
  const open = new Set<Socket>();
  let isDark = false;
  let count = 0;
  const server = createServer((incoming) => {
    count += 1;
    open.add(incoming);
    incoming.on('error', () => {});
    if (isDark) return;
    const outgoing = createConnection({ host: '127.0.0.1', port: to });
    open.add(outgoing);
    outgoing.on('error', () => incoming.destroy());
    outgoing.on('close', () => incoming.destroy());
    incoming.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // A server that listens on a port has this kind of address.
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    sever: () => {
      for (const socket of open) {
        socket.unpipe();
        socket.pause();
        // A close of one side must not reach the other side either.
        socket.removeAllListeners('close');
      }
    },
    setDark: (dark) => {
      isDark = dark;
    },
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
