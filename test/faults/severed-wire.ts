import { createConnection, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** The wire between two, on which packets can get lost without a word to either. */
export interface Wire {
  readonly port: number;
  /** How many connections there have been, those too on which nothing arrived. */
  readonly connections: () => number;
  /** Nothing that is sent on a connection which is open now will ever arrive; none is closed. */
  readonly sever: () => void;
  /** While it is so, nothing arrives on new connections either. */
  readonly beDark: (isDark: boolean) => void;
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
    // It listens, at a port.
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    sever: () => {
      for (const socket of open) {
        socket.unpipe();
        socket.pause();
        // An end that one side sees is lost on its way to the other, too.
        socket.removeAllListeners('close');
      }
    },
    beDark: (dark) => {
      isDark = dark;
    },
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
