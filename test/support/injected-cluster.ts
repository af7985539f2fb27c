import type { Client } from './client.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
import { startInjector, type Injector, type InjectorOptions } from './injector.ts';
import { podOf, variable, type Pod } from './pod.ts';
import { waitFor } from './wait-for.ts';
import { registerWebhook, type RegisteredWebhook } from '../e2e/webhook.ts';

/** A control plane, and an injector that its API server does not call yet. */
export interface UncalledInjector {
  readonly controlPlane: ControlPlane;
  readonly client: Client;
  readonly injector: Injector;
  readonly stop: () => Promise<void>;
}

/** A control plane whose API server calls an injector. */
export interface InjectedCluster extends UncalledInjector {
  readonly webhook: RegisteredWebhook;
}

type Options = ControlPlaneOptions & Pick<InjectorOptions, 'flags'>;

export async function startInjectedCluster(options: Options = {}): Promise<InjectedCluster> {
  return startInjectorUncalled(options, async ({ client, injector }) => ({
    webhook: await registerWebhook(client, { url: injector.url, ca: injector.ca }),
  }));
}

/** Ends both if the preparation fails. */
export async function startInjectorUncalled<Prepared extends object>(
  options: Options,
  prepare: (started: UncalledInjector) => Promise<Prepared>,
): Promise<UncalledInjector & Prepared> {
  const controlPlane = await startControlPlane(options);
  const { client } = controlPlane;
  let injector: Injector | undefined;
  const stop = async (): Promise<void> => {
    await injector?.stop();
    await controlPlane.stop();
  };
  try {
    const { flags } = options;
    injector = await startInjector({ ...controlPlane, ...(flags && { flags }) });
    await injector.ready();
    const started = { controlPlane, client, injector, stop };
    return { ...started, ...(await prepare(started)) };
  } catch (error) {
    await stop();
    throw error;
  }
}

const PREFIX = 'agent-injector.io/';

/** Adds our prefix to the keys of annotations or labels. */
export function ours(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${PREFIX}${name}`, value]));
}

/** Labels and annotations of a namespace that is opted in, with a server address. */
export function optedIn(settings: Readonly<Record<string, string>> = {}): {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
} {
  return {
    labels: ours({ injection: 'enabled' }),
    annotations: ours({ 'server-address': 'jennifer.example.com', ...settings }),
  };
}

/** Changes the domain of the namespace, and returns the time until a new pod gets it, in ms. */
export async function changeDomain(client: Client, namespace: string, domain: string): Promise<number> {
  await client.patch(
    { kind: 'Namespace', name: namespace },
    { metadata: { annotations: ours({ 'domain-id': domain }) } },
  );
  const changed = performance.now();
  await waitFor(
    'a pod with the new value',
    async () => {
      const { object } = await client.create<Pod>(podOf(namespace, 'after'), { dryRun: true });
      return variable(object, 'ARIES_DOMAIN_ID') === domain;
    },
    { interval: 1 },
  );
  return Math.round(performance.now() - changed);
}
