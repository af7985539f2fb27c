import { type Clock, systemClock } from '../../lib/clock.ts';
import { type Identity, loadCredentials } from './credentials.ts';
import { sendRequest } from './request.ts';
import { execInContainer } from './exec.ts';
import { readItems, readLines, readObject, readText } from './response.ts';
import { ServerClock } from './server-clock.ts';
import type { PodClient } from './types.ts';

/** As kubectl: errors are JSON, logs are text. */
const ANY = 'application/json, */*';

export interface LoadOptions {
  readonly kubeconfig?: string;
  readonly identity?: Identity;
  /** Prefix of the service account's path, for tests. @default '' */
  readonly root?: string;
  readonly clock?: Clock;
}

/**
 * Connects to the cluster of the kubeconfig's current context, else to the one that this pod runs in (KUBERNETES_SERVICE_HOST and the service
 * account's token file, which is read again every minute, as in client-go). Undefined where there is neither. `~/.kube/config` is deliberately
 * never read: a server started on a laptop must not read whatever cluster kubectl was last pointed at.
 * Throws an Error whose message is for users when the kubeconfig cannot be used.
 */
export async function loadClient(options: LoadOptions = {}): Promise<PodClient | undefined> {
  const clock = options.clock ?? systemClock;
  const credentials = await loadCredentials(options.kubeconfig, options.root ?? '', clock, options.identity);
  if (credentials === undefined) return undefined;
  const serverClock = new ServerClock(clock);
  const connection = { credentials, serverClock, clock };
  return {
    server: credentials.server,
    serverClock,
    getJson: (path, get) =>
      sendRequest({ ...connection, ...get, path }, (response) => readObject(response, get.maxBytes)),
    getItems: (path, list) => sendRequest({ ...connection, ...list, path }, (response) => readItems(response, list)),
    sendJson: (path, { method, body, contentType = 'application/json', ...rest }) => {
      const payload = { method, contentType, text: JSON.stringify(body) };
      return sendRequest({ ...connection, ...rest, path, payload }, (response) => readObject(response, rest.maxBytes));
    },
    watchLines: (path, watch) =>
      sendRequest({ ...connection, ...watch, path }, (response) => readLines(response, watch)),
    getText: (path, get) =>
      sendRequest({ ...connection, ...get, path, accept: ANY }, (response) => readText(response, get.maxBytes)),
    exec: (command) => execInContainer(credentials, clock, command),
  };
}
