import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** Answers in the place of what is behind. */
export type Change = (request: IncomingMessage, response: ServerResponse, behind: Behind) => void | Promise<void>;

/** What the real registry answers to the request. */
export type Behind = () => Promise<{ readonly status: number; readonly headers: Headers; readonly body: Buffer }>;

export interface Front {
  readonly host: string;
  readonly requests: readonly { readonly path: string; readonly authorization: string | undefined }[];
  readonly close: () => Promise<void>;
}

/** A server before a real registry: it passes requests on, and does what real proxies, limits and stores do to some of them. */
export async function openFront(registry: string, change?: Change): Promise<Front> {
  const requests: { path: string; authorization: string | undefined }[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
    const behind: Behind = async () => {
      const answer = await fetch(`http://${registry}${request.url ?? ''}`, {
        headers: { accept: request.headers.accept ?? '*/*' },
      });
      return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
    };
    void (change ? change(request, response, behind) : pass(response, behind));
  };
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers as the registry does. `edit` changes the bytes. */
export async function pass(
  response: ServerResponse,
  behind: Behind,
  edit: (body: Buffer) => Buffer = (body) => body,
): Promise<void> {
  const { status, headers, body } = await behind();
  response.writeHead(status, { 'content-type': headers.get('content-type') ?? 'application/octet-stream' });
  response.end(edit(body));
}
