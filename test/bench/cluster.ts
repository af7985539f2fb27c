import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import type { Client } from '../support/client.ts';
import { shops } from './reviews.ts';

/** Starts etcd and kube-apiserver with this number of namespaces, including the four shops of the reviews. */
export async function startCluster(dir: string, namespaces: number): Promise<ControlPlane> {
  const plane = await startControlPlane({ dir });
  try {
    for (const { name, labels, annotations } of shops) {
      await plane.client.createNamespace(name, { labels: { ...labels }, annotations: { ...annotations } });
      await createClaim(plane.client, name);
    }
    // It would create a ServiceAccount and a ConfigMap for each of thousands of namespaces during the measurement.
    await plane.stopControllerManager();
    await growTo(plane.client, namespaces);
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

/** Creates the claim of the default profile, which `checks` requires for an injection. */
export async function createClaim(client: Client, namespace: string): Promise<void> {
  await client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'my-agent-file', namespace },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
  });
}

/** Creates namespaces until the cluster has this number. Every fourth is opted in. */
async function growTo(client: Client, count: number): Promise<void> {
  let next = (await client.list({ kind: 'Namespace' })).length;
  const work = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      const [labels, annotations] = [
        { team: `team-${number % 97}`, stage: 'production' },
        { owner: `o${number}@example.com` },
      ];
      const uses = number % 4 === 0;
      await client.create({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: `team-${number}`,
          labels: { ...labels, ...(uses && { 'agent-injector.io/injection': 'enabled' }) },
          annotations: {
            ...annotations,
            ...(uses && { 'agent-injector.io/server-address': `jennifer-${number % 8}.example.com` }),
          },
        },
      });
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}
