import { request, type IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Started } from './process.ts';

export interface PageAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** Asks an HTTP server as a browser or another program might: every header can be set, unlike with fetch. */
export function ask(url: string, { method = 'GET', headers = {} }: AskOptions = {}): Promise<PageAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        const isPacked = response.headers['content-encoding'] === 'gzip' && body.length > 0;
        const text = (isPacked ? gunzipSync(body) : body).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** The address that `ui` prints first. */
export function printedAddress({ child, ended }: Started): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: string) => {
      text += chunk;
      const [, address] = /^(http:\S+)\n/.exec(text) ?? [];
      if (address !== undefined) resolve(address);
    });
    void ended.then(({ code, stderr }) => reject(new Error(`ended with ${code}: ${stderr}`)));
  });
}

export interface Opened {
  /** With a slash at its end. */
  readonly base: string;
  readonly cookie: string;
  readonly get: (path: string, options?: AskOptions) => Promise<PageAnswer>;
}

/** Uses the address up, as a browser does. */
export async function openPage(address: string): Promise<Opened> {
  const answer = await ask(address);
  if (answer.status !== 303) throw new Error(`${answer.status}: ${answer.text}`);
  const [cookie = ''] = (answer.headers['set-cookie']?.[0] ?? '').split(';');
  const base = new URL('.', address).href;
  const get: Opened['get'] = (path, { headers, ...rest } = {}) =>
    ask(`${base}${path}`, { ...rest, headers: { cookie, ...headers } });
  return { base, cookie, get };
}

/** The events of api/changes until one matches. */
export function eventOf(
  url: string,
  headers: Record<string, string>,
  isWanted: (event: string) => boolean,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const found = text.split('\n\n').slice(0, -1).find(isWanted);
        if (found === undefined) return;
        asked.destroy();
        resolve(found);
      });
      response.on('close', () => reject(new Error(`${response.statusCode ?? 0}: the stream ended: ${text}`)));
    });
    asked.on('error', reject);
    asked.end();
  });
}
