import { once } from 'node:events';
import { createServer } from 'node:net';

const MIN_PORT = 20_000;
const COUNT = 10_000;
const used = new Set<number>();

/** A free port of 127.0.0.1 from 20000 to 29999, never the same twice in a process. */
export async function freePort(): Promise<number> {
  for (;;) {
    // Random, so that concurrent test runs rarely choose the same port before they listen on it.
    const port = MIN_PORT + Math.floor(Math.random() * COUNT);
    if (!used.has(port) && (await isFree(port))) {
      used.add(port);
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
