import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NAMESPACE, render } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { helm } from '../support/deploy-tools.ts';
import { startObserver, type ObserverProcess } from '../support/observer.ts';
import { waitFor } from '../support/wait-for.ts';
import { tokenOf } from './installed-server.ts';

// The observer with the permissions that the chart gives it, on a real API server.

const NAME = 'agent-injector-observer';
const LEASE = { kind: 'Lease', namespace: NAMESPACE, name: NAME } as const;

/** What the observer needs of the chart, without its Deployment. */
const isOfObserver = ({ kind = '', metadata }: KubeObject): boolean =>
  kind !== 'Deployment' && [NAME, 'agent-injector-breaker'].includes(metadata?.name ?? '');

describe.skipIf(helm === undefined)('with the permissions of the chart', () => {
  let plane: ControlPlane;
  let client: Client;
  let observer: ObserverProcess;
  beforeAll(async () => {
    plane = await startControlPlane();
    ({ client } = plane);
    await client.createNamespace(NAMESPACE);
    const objects = render('default', { args: ['--set', 'observer.enabled=true'] });
    for (const one of objects) if (isOfObserver(one)) await client.create(one);
    const kubeconfig = join(plane.dir, 'observer.kubeconfig');
    const user = { token: await tokenOf(client, NAME) };
    writeFileSync(
      kubeconfig,
      stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'e', cluster: { server: plane.url, 'certificate-authority': join(plane.dir, 'ca.crt') } }],
        users: [{ name: 'e', user }],
        contexts: [{ name: 'e', context: { cluster: 'e', user: 'e' } }],
        'current-context': 'e',
      }),
      { mode: 0o600 },
    );
    observer = await startObserver(kubeconfig, {
      breaker: `${NAMESPACE}/agent-injector-breaker`,
      lease: `${NAMESPACE}/${NAME}`,
    });
  });
  afterAll(async () => {
    await observer?.stop();
    await plane?.stop();
  });

  const leads = async (): Promise<boolean> => (await observer.metric('agent_injector_observer_leads')) === 1;
  const holder = async (): Promise<unknown> =>
    (await client.find<{ spec?: { holderIdentity?: string } }>(LEASE))?.spec?.holderIdentity;

  test('it leads, and makes the Lease again that someone has deleted', async () => {
    await waitFor('the observer to lead', leads);
    await waitFor(
      'the pods',
      async () => (await observer.metric('agent_injector_cache_synced{resource="pods"}')) === 1,
    );
    const before = await holder();
    await client.delete(LEASE);
    await waitFor('the Lease', async () => (await holder()) === before);
    expect(await leads()).toBe(true);
    expect(observer.process.log()).not.toContain('could not be read or written');
  });

  test('it may make no other Lease', async () => {
    const { status } = await client
      .request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: `system:serviceaccount:${NAMESPACE}:${NAME}`,
          resourceAttributes: {
            group: 'coordination.k8s.io',
            resource: 'leases',
            verb: 'create',
            namespace: NAMESPACE,
            name: 'x',
          },
        },
      })
      .then(({ status: code, body }) => ({ status: { code, ...(body as { status: { allowed: boolean } }).status } }));
    expect(status).toMatchObject({ code: 201, allowed: false });
  });
});
