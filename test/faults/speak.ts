import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { Served } from './server.ts';

export interface Heard {
  readonly status: number;
  readonly text: string;
}

/** Sends bodies to a server, over connections that are kept. */
export class Speaker {
  readonly #server: Pick<Served, 'port' | 'ca'>;
  readonly #agent: Agent;

  constructor(server: Pick<Served, 'port' | 'ca'>) {
    this.#server = server;
    this.#agent = new Agent({ keepAlive: true, ca: server.ca, servername: 'localhost' });
  }

  /** Rejects when the connection breaks before an answer is whole. */
  async post(body: Buffer | string): Promise<Heard> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.#server.port,
          path: '/mutate?timeout=10s',
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  end(): void {
    this.#agent.destroy();
  }
}

/** Of a process's main thread, in ms: how long it ran, and how long it was ready to and had no processor (sched(7)). */
export function scheduled(pid: number): { readonly ran: number; readonly waited: number } {
  const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  return { ran: ran / 1e6, waited: waited / 1e6 };
}
