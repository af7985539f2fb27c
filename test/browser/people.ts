import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { tokenOf } from '../e2e/installed-server.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { waitFor } from '../support/wait-for.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** A user of the cluster. */
export interface Person {
  /** As the API server names the user. */
  readonly user: string;
  readonly token: string;
  readonly kubeconfigPath: string;
}

/** Creates a user who may read the namespaces, and nothing else. The name is that of a ServiceAccount in the first one. */
export async function personIn(
  { client, url, dir }: ControlPlane,
  name: string,
  namespaces: readonly [string, ...string[]],
): Promise<Person> {
  const [home] = namespaces;
  const subject = { kind: 'ServiceAccount', name, namespace: home };
  await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: home } });
  for (const namespace of namespaces)
    await client.create({
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { name: `${name}-views`, namespace },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'view' },
      subjects: [subject],
    });
  const token = await tokenOf(client, name, home);
  const kubeconfigPath = join(dir, `kubeconfig-of-${name}`);
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': join(dir, 'ca.crt') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: 'c', user: name, namespace: home } }],
    'current-context': name,
  };
  writeFileSync(kubeconfigPath, stringify(kubeconfig), { mode: 0o600 });
  await waitFor(`the rights of ${name}`, () => mayListPods(client, `system:serviceaccount:${home}:${name}`, home));
  return { user: `system:serviceaccount:${home}:${name}`, token, kubeconfigPath };
}

async function mayListPods(client: ControlPlane['client'], user: string, namespace: string): Promise<boolean> {
  const { body } = await client.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user,
      groups: ['system:serviceaccounts'],
      resourceAttributes: { verb: 'list', resource: 'pods', namespace },
    },
  });
  return (body as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true;
}
