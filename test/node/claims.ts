import type { Client } from '../support/client.ts';
import { waitFor } from '../support/wait-for.ts';

/** Which the control plane of tests has. */
const DEFAULT_CLASS = 'standard';

const common = { accessModes: ['ReadWriteMany'], storageClassName: '' };

/** A volume that is a folder of this machine. Without `claimRef` any claim of the default class may have it. */
export async function createVolume(client: Client, name: string, path: string, claimRef?: object): Promise<void> {
  await client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      ...common,
      accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path, type: 'Directory' },
      ...(claimRef ? { claimRef } : { storageClassName: DEFAULT_CLASS }),
    },
  });
}

/** A claim whose volume is a folder of this machine, once it is bound. */
export async function createClaim(
  client: Client,
  { namespace, name, path }: { readonly namespace: string; readonly name: string; readonly path: string },
): Promise<void> {
  const volumeName = `${namespace}-${name}`;
  await createVolume(client, volumeName, path, { namespace, name });
  await client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { ...common, volumeName, resources: { requests: { storage: '1Gi' } } },
  });
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
  // A pod that is created together with its claim may come before the server knows of the claim.
  await waitFor(`the claim ${namespace}/${name}`, async () => {
    const { status } = await client.get<{ readonly status?: { readonly phase?: string } }>(claim);
    return status?.phase === 'Bound';
  });
}
