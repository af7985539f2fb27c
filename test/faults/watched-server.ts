import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { optedIn } from '../support/injected-cluster.ts';
import { startInjector, type Injector, type InjectorOptions } from '../support/injector.ts';
import { waitFor } from '../support/wait-for.ts';
import { FaultyApi, kubeconfig } from '../support/faulty-api.ts';
import { SHOP } from './shop.ts';
import { startWire, type Wire } from './wire.ts';

/** A server that watches the namespaces of a FaultyApi through a Wire. */
export interface WatchedServer {
  readonly api: FaultyApi;
  readonly wire: Wire;
  readonly injector: Injector;
  /** Changes the domain of the shop. */
  readonly change: (domain: string) => void;
  /** Requests to the API server so far, including those that were dropped. */
  readonly requests: () => number;
  readonly stop: () => Promise<void>;
}

/** Resolves when the server watches the namespaces, and the domain of the shop is 1000. */
export async function startWatchedServer(
  options: Omit<InjectorOptions, 'kubeconfigPath'> = {},
  prepare: (api: FaultyApi) => void = () => {},
): Promise<WatchedServer> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-watched-'));
  const api = new FaultyApi();
  await api.start();
  const wire = await startWire(api.port);
  const kubeconfigPath = join(dir, 'kubeconfig');
  const server = `http://127.0.0.1:${wire.port}`;
  writeFileSync(kubeconfigPath, kubeconfig(server, { 'insecure-skip-tls-verify': true }, { token: 'secret' }));
  const change = (domain: string): void => {
    const { labels, annotations } = optedIn({ 'domain-id': domain });
    api.put(SHOP, annotations, labels);
  };
  prepare(api);
  change('1000');
  let injector: Injector | undefined;
  const stop = async (): Promise<void> => {
    await injector?.stop();
    wire.close();
    await api.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const flags = { kubernetes: '1.36', ...options.flags };
    injector = await startInjector({ ...options, kubeconfigPath, flags });
    await injector.ready();
    await waitFor('the watch', () => api.watching === 1);
  } catch (error) {
    await stop();
    throw error;
  }
  const requests = (): number => Math.max(api.seen.length, wire.connections());
  return { api, wire, injector, change, requests, stop };
}
