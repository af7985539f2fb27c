import { startBalancer, type Balancer } from './balancer.ts';
import type { Client } from './client.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
import { configuration, prepare, startReplica, type Replica, type ReplicaOptions } from './replicas.ts';

/** A control plane whose API server calls replicas of the injector through a balancer, as through a Service. */
export interface ReplicatedCluster {
  readonly controlPlane: ControlPlane;
  readonly client: Client;
  readonly balancer: Balancer;
  /** Started replicas. A test that stops or replaces one updates the list. */
  readonly replicas: Replica[];
  readonly createConfiguration: (paths?: 'plain' | 'secret') => Promise<void>;
  /** Starts a replica and adds it to the list. The balancer does not know it yet. */
  readonly startReplica: (options?: Omit<ReplicaOptions, 'kubeconfigPath'>) => Promise<Replica>;
  readonly stop: () => Promise<void>;
}

/** Starts the control plane with the namespaces and the Service, without the webhook configuration and without replicas. */
export async function startReplicatedCluster(
  options: ControlPlaneOptions = {},
  given?: Balancer,
): Promise<ReplicatedCluster> {
  const balancer = given ?? (await startBalancer());
  const replicas: Replica[] = [];
  let controlPlane: ControlPlane | undefined;
  const stop = async (): Promise<void> => {
    for (const replica of replicas) await replica.stop();
    balancer.close();
    await controlPlane?.stop();
  };
  try {
    controlPlane = await startControlPlane(options);
    const { client, kubeconfigPath } = controlPlane;
    await prepare(client, balancer.port);
    return {
      controlPlane,
      client,
      balancer,
      replicas,
      createConfiguration: async (paths) => void (await client.create(configuration(balancer.port, paths))),
      startReplica: async (replicaOptions = {}) => {
        const replica = await startReplica({ kubeconfigPath, ...replicaOptions });
        replicas.push(replica);
        return replica;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
