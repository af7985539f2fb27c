import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

/** Opens a new connection for each request: the server could close a reused one as it ends. */
export async function httpGet(port: number, path: string): Promise<TextAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => {
      text(response).then((content) => resolve({ status: response.statusCode ?? 0, text: content }), reject);
    });
    sent.end();
  });
}
