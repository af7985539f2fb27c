import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { ControlPlane } from '../support/control-plane.ts';
import { freePort } from '../support/free-port.ts';

/** A proxy of an API server that can withhold the events of watches. */
export interface WatchHolder {
  /** A kubeconfig of the cluster administrator that leads through the proxy. */
  readonly kubeconfigPath: string;
  /** The paths of all requests so far, in order. */
  readonly requests: () => readonly string[];
  /** Withholds all events of watches from now on. */
  readonly hold: () => void;
  readonly stop: () => Promise<void>;
}

export async function startWatchHolder({ dir, url, kubeconfigPath }: ControlPlane): Promise<WatchHolder> {
  const file = (name: string): string => readFileSync(join(dir, name), 'utf8');
  const port = await freePort();
  const requests: string[] = [];
  let holding = false;
  const server = createServer({ cert: file('apiserver.crt'), key: file('apiserver.key') }, (request, response) => {
    const path = request.url ?? '';
    const isWatch = new URL(path, url).searchParams.has('watch');
    requests.push(path);
    const { method, headers } = request;
    const onward = httpsRequest(new URL(path, url), { method, headers, ca: file('ca.crt') }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      response.flushHeaders();
      answer.on('data', (chunk) => {
        if (!(isWatch && holding)) response.write(chunk);
      });
      answer.on('end', () => response.end());
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const ownKubeconfigPath = join(dir, `kubeconfig-${port}`);
  writeFileSync(ownKubeconfigPath, readFileSync(kubeconfigPath, 'utf8').replaceAll(url, `https://127.0.0.1:${port}`));
  return {
    kubeconfigPath: ownKubeconfigPath,
    requests: () => [...requests],
    hold: () => {
      holding = true;
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
