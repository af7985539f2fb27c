import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import type { Client } from '../support/client.ts';
import { shops } from './reviews.ts';

/** A real etcd and kube-apiserver, its files in this directory, with just so many namespaces, four of them the shops that the reviews are about. */
export async function startCluster(dir: string, namespaces: number): Promise<ControlPlane> {
  const plane = await startControlPlane({ dir });
  try {
    for (const { name, labels, annotations } of shops) {
      await plane.client.createNamespace(name, { labels: { ...labels }, annotations: { ...annotations } });
      await createClaim(plane.client, name);
    }
    // It would make a service account and a ConfigMap for each of thousands of namespaces, and be at it while we measure.
    await plane.stopControllerManager();
    await growTo(plane.client, namespaces);
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

/** The claim that the default profile mounts: with the checks on, a pod is not injected without it. */
export async function createClaim(client: Client, namespace: string): Promise<void> {
  await client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'my-agent-file', namespace },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
  });
}

/** Makes namespaces, some at a time, until the cluster has so many. Every fourth uses the agent, as the shops do. */
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
