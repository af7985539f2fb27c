import { once } from 'node:events';
import { createServer } from 'node:net';

const LOWEST = 20_000;
const COUNT = 10_000;
const given = new Set<number>();

/** A port of 127.0.0.1 between 20000 and 29999 that nobody listens on; never the same twice in a process. */
export async function freePort(): Promise<number> {
  for (;;) {
    // At random, so that test runs beside each other on one machine hardly ever meet between this look and their own listening.
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
