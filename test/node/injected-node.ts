import { startInjector, type Injector } from '../support/injector.ts';
import { ours } from '../support/injected-cluster.ts';
import { busybox } from '../support/node/image.ts';
import { startNode, type Node } from '../support/node/node.ts';
import { nodeBinary, type ContainerdVersion } from '../support/node/places.ts';
import { registerWebhook } from '../e2e/webhook.ts';

export const APP_IMAGE = 'localhost/app:1';

/** A node whose API server calls an injector. */
export interface InjectedNode extends Node {
  readonly injector: Injector;
}

/** Each profile decides alone who may set what, and all checks are made. */
const FLAGS = { tenancy: 'open', checks: 'claims,volumes,quotas,nodes', 'config-map-keys': 'true' };

export interface InjectedNodeOptions {
  readonly containerd?: ContainerdVersion;
  /** Further flags of the injector. */
  readonly flags?: Readonly<Record<string, string>>;
}

export async function startInjectedNode({
  containerd = '2.2',
  flags = {},
}: InjectedNodeOptions = {}): Promise<InjectedNode> {
  const node = await startNode({ containerd });
  let injector: Injector | undefined;
  const stop = async (): Promise<void> => {
    await injector?.stop();
    await node.stop();
  };
  try {
    await node.addImage({
      name: APP_IMAGE,
      contents: busybox(nodeBinary('busybox')),
      command: ['sleep', '3600'],
    });
    injector = await startInjector({ ...node.controlPlane, flags: { ...FLAGS, ...flags } });
    await injector.ready();
    await registerWebhook(node.client, { url: injector.url, ca: injector.ca });
    return { ...node, injector, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Labels and annotations of a namespace that is opted in, at a level of Pod Security. */
export function optedInAt(
  level: 'privileged' | 'baseline' | 'restricted',
  settings: Readonly<Record<string, string>>,
): { readonly labels: Record<string, string>; readonly annotations: Record<string, string> } {
  return {
    labels: { ...ours({ injection: 'enabled' }), 'pod-security.kubernetes.io/enforce': level },
    annotations: ours(settings),
  };
}
