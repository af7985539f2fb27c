import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { ControlPlane } from '../support/control-plane.ts';
import { freePort } from '../support/free-port.ts';

/** What a namespace is said to be: its labels, or that it does not exist. */
export type Lie = Readonly<Record<string, string>> | 'absent';

export interface Behavior {
  /** Withholds the events of watches. */
  readonly holdsWatches?: boolean;
  /** The answer to a request for one namespace; `silence` closes the connection. */
  readonly lookup?: Lie | 'silence';
  /** Every list is empty, and every watch must begin with a list. */
  readonly hasNothing?: boolean;
}

/** A proxy of the API server that an injector reads its namespaces from. It can withhold and invent. */
export interface LyingApiServer {
  readonly url: string;
  /** Ends all watches, so that they begin again under the new behavior. */
  readonly behave: (behavior: Behavior) => void;
  readonly stop: () => Promise<void>;
}

export async function startLyingApiServer({ dir, url }: ControlPlane): Promise<LyingApiServer> {
  const file = (name: string): string => readFileSync(join(dir, name), 'utf8');
  const watches = new Set<ServerResponse>();
  let behavior: Behavior = {};

  const forward = (request: IncomingMessage, response: ServerResponse, isWatch: boolean): void => {
    const { method, headers, url: path = '' } = request;
    const onward = httpsRequest(new URL(path, url), { method, headers, ca: file('ca.crt') }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      response.flushHeaders();
      answer.on('data', (chunk) => {
        if (!(isWatch && behavior.holdsWatches === true)) response.write(chunk);
      });
      answer.on('end', () => response.end());
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  };

  const server = createServer({ cert: file('apiserver.crt'), key: file('apiserver.key') }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', url);
    const isWatch = searchParams.has('watch');
    const name = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(pathname)?.[1];
    if (isWatch) watches.add(response);
    response.on('close', () => watches.delete(response));
    const lie = name === undefined ? undefined : behavior.lookup;
    if (name !== undefined && lie !== undefined) answerLookup(response, name, lie);
    else if (pathname === '/api/v1/namespaces' && behavior.hasNothing === true) answerNothing(response, isWatch);
    else forward(request, response, isWatch);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${port}`,
    behave: (next) => {
      behavior = next;
      for (const watch of watches) watch.destroy();
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answerLookup(response: ServerResponse, name: string, lie: Lie | 'silence'): void {
  if (lie === 'silence') response.destroy();
  else if (lie === 'absent') send(response, 404, { kind: 'Status', apiVersion: 'v1', reason: 'NotFound', code: 404 });
  else
    send(response, 200, {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name, labels: lie },
    });
}

function answerNothing(response: ServerResponse, isWatch: boolean): void {
  if (isWatch) send(response, 410, { kind: 'Status', apiVersion: 'v1', reason: 'Expired', code: 410 });
  else {
    const metadata = { resourceVersion: '1' };
    send(response, 200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: [] });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
