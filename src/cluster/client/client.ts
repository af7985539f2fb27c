import type { IncomingMessage } from 'node:http';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { loadCredentials } from './credentials.ts';
import { sendRequest, Deadline } from './request.ts';
import { readLines, readObject } from './response.ts';
import { ServerClock } from './server-clock.ts';
import type { ApiResponse, KubeClient, WatchEnd } from './types.ts';

export interface LoadOptions {
  /** A kubeconfig file, what `--kubeconfig` or KUBECONFIG names; its current context is taken. */
  readonly kubeconfig?: string;
  /** Stands before the service account's path. @default '' */
  readonly root?: string;
  readonly clock?: Clock;
}

/**
 * The cluster to talk to: the kubeconfig's, else the one this pod runs in (KUBERNETES_SERVICE_HOST and the service account's
 * token file, which is read again every minute, as in client-go), else undefined. `~/.kube/config` is deliberately never
 * consulted: a server started on a laptop must not read whatever cluster kubectl was last pointed at.
 * Throws an Error with a sentence when the kubeconfig cannot be used.
 */
export async function loadClient(options: LoadOptions = {}): Promise<KubeClient | undefined> {
  const clock = options.clock ?? systemClock;
  const credentials = await loadCredentials(options.kubeconfig, options.root ?? '', clock);
  if (credentials === undefined) return undefined;
  const serverClock = new ServerClock(clock);
  const peer = { credentials, serverClock };
  return {
    server: credentials.server,
    serverClock: serverClock,
    getJson: async (path, get) => {
      const limit = new Deadline(clock, get.signal, get.timeoutMs);
      const read = (response: IncomingMessage): Promise<ApiResponse> => readObject(response, get.maxBytes);
      return sendRequest({ ...peer, path, accept: get.accept, deadline: limit }, read);
    },
    sendJson: async (path, sent) => {
      const limit = new Deadline(clock, sent.signal, sent.timeoutMs);
      const { method, body, contentType = 'application/json' } = sent;
      const payload = { method, contentType, text: JSON.stringify(body) };
      const read = (response: IncomingMessage): Promise<ApiResponse> => readObject(response, sent.maxBytes);
      return sendRequest({ ...peer, path, accept: sent.accept, deadline: limit, payload }, read);
    },
    watchLines: async (path, watch) => {
      const limit = new Deadline(clock, watch.signal);
      const read = (response: IncomingMessage): Promise<WatchEnd> => readLines(response, watch);
      return sendRequest({ ...peer, path, accept: watch.accept, deadline: limit }, read);
    },
  };
}
