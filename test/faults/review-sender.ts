import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { ServerProcess } from './server.ts';

export interface ReviewResponse {
  readonly status: number;
  readonly text: string;
}

/** Posts bodies to a server over reused connections. */
export class ReviewSender {
  readonly #server: Pick<ServerProcess, 'port' | 'ca'>;
  readonly #agent: Agent;

  constructor(server: Pick<ServerProcess, 'port' | 'ca'>) {
    this.#server = server;
    this.#agent = new Agent({ keepAlive: true, ca: server.ca, servername: 'localhost' });
  }

  /** Rejects if the connection breaks before the answer is complete. */
  async post(body: Buffer | string): Promise<ReviewResponse> {
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

/** Times of a process's main thread in ms: running, and waiting for a CPU (sched(7)). */
export function schedulerTimes(pid: number): { readonly ran: number; readonly waited: number } {
  const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  return { ran: ran / 1e6, waited: waited / 1e6 };
}
