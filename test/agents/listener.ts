import { randomInt } from 'node:crypto';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A collector for agents and a server for apps, on loopback or at another address of this machine. */
export class Listener {
  /** The first bytes of each connection to the collector, or the head of a request in one line. */
  readonly received: string[] = [];
  /** The body of each request to the collector, in Latin-1: each character is a byte. */
  readonly bodies: string[] = [];
  /** The headers of each request of the app. */
  readonly headers: IncomingHttpHeaders[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly changed: () => void;
  private readonly host: string;
  private readonly collector: Server = createServer((socket) => this.collect(socket));
  private readonly app = createHttpServer((request, response) => {
    this.headers.push(request.headers);
    response.end('hello');
    this.changed();
  });

  private constructor(changed: () => void, host: string) {
    this.changed = changed;
    this.host = host;
  }

  static async start(changed: () => void, host = '127.0.0.1'): Promise<Listener> {
    const listener = new Listener(changed, host);
    await listen(listener.app, host, 0);
    await listenLow(listener.collector, host);
    return listener;
  }

  get port(): number {
    return portOf(this.collector);
  }

  get appUrl(): string {
    return `http://${this.host}:${portOf(this.app)}/`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.app.closeAllConnections();
    await Promise.all(
      [this.collector, this.app].map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))),
    );
  }

  /** Answers HTTP with a JSON object that satisfies every agent, and nothing else. */
  private collect(socket: Socket): void {
    this.sockets.add(socket);
    const index = this.received.push('') - 1;
    let data = '';
    let answered = false;
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (chunk) => {
      if (answered || data.length > MAX_REQUEST) return;
      data += chunk.toString('latin1');
      const [head, body] = splitOnce(data, '\r\n\r\n');
      this.received[index] = head.replaceAll('\r\n', ' ').slice(0, 4096);
      if (body !== undefined && /^(GET|POST|PUT) /.test(head) && body.length >= lengthIn(head)) {
        answered = true;
        this.bodies.push(body);
        socket.end(ANSWER);
      }
      this.changed();
    });
  }
}

const MAX_REQUEST = 1 << 20;

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** The length that the head of a request gives for its body. A chunked body counts as empty: it is answered at once. */
function lengthIn(head: string): number {
  return Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
}

// Below the ephemeral ports: JENNIFER's Python agent reads a port above 32767 as 0.
const [MIN_PORT, MAX_PORT] = [20_000, 32_000];

async function listenLow(server: Server, host: string): Promise<void> {
  for (;;) {
    try {
      return await listen(server, host, randomInt(MIN_PORT, MAX_PORT));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const BODY = '{"version":"8.17.0"}';
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\nConnection: close\r\n\r\n${BODY}`;

function portOf(server: Server): number {
  // A server that listens on a port has this kind of address.
  return (server.address() as AddressInfo).port;
}
