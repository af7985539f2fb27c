import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runtimes } from '../agents/runtimes.ts';
import { DOTNET } from '../agents/table.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { isRequired } from '../support/node/places.ts';
import { instrumented, podsOf, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { optedInAt, startInjectedNode, type InjectedNode } from './injected-node.ts';
import { createClaim } from './claims.ts';
import { coreClrApp, jenniferFiles, PROFILER_SIGN } from './coreclr-app.ts';
import { logsOf, runningPod } from './pods.ts';
import { recorded } from './results.ts';

// The article's Deployment: an app on CoreCLR, whose pods get JENNIFER's agent from the claim my-agent-file.

const NAMESPACE = 'shop';
const NAME = 'net-razor31-sample';
const OWNER = { namespace: NAMESPACE, name: NAME };

let node: InjectedNode;
let client: Client;

const sample = parse(readFileSync(new URL('../e2e/sample-deployment.yaml', import.meta.url), 'utf8')) as KubeObject & {
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: Pod['spec'] } };
};
const [app] = sample.spec.template.spec.containers;
if (!app) throw new Error('the sample has no container');

/** Expects that each of the pods runs, and that its log shows the CLR asking for JENNIFER's profiler. */
async function expectAgentsIn(pods: readonly Pod[]): Promise<void> {
  await Promise.all(
    pods.map(async ({ metadata }) => {
      const name = metadata?.name ?? '';
      await recorded(
        { profile: `jennifer-dotnet, CoreCLR ${DOTNET.version}`, delivery: 'persistentVolumeClaim', user: 'root' },
        async () => {
          expect(instrumented(await runningPod(client, NAMESPACE, name))).toEqual([NAME]);
          const log = await waitFor('the app to answer', async () => {
            const text = await logsOf(client, NAMESPACE, name, NAME);
            return text.includes('app answered') && text;
          });
          expect(log).toContain(PROFILER_SIGN);
          return PROFILER_SIGN;
        },
      );
    }),
  );
}

describe.skipIf(!isRequired && runtimes.get('dotnet')?.ok !== true)('on CoreCLR', () => {
  beforeAll(async () => {
    node = await startInjectedNode();
    ({ client } = node);
    await node.addImage(coreClrApp(app.image));
    await client.createNamespace(NAMESPACE, optedInAt('privileged', { 'server-address': 'jennifer.example.com' }));
    await createClaim(client, { namespace: NAMESPACE, name: 'my-agent-file', path: jenniferFiles() });
  });
  afterAll(() => node?.stop());

  test('each pod of the Deployment starts with the agent, one that is scaled up to as well', async () => {
    // The image is on the node: no registry has it.
    const containers = [{ ...app, imagePullPolicy: 'IfNotPresent' }];
    const template = { ...sample.spec.template, spec: { ...sample.spec.template.spec, containers } };
    await client.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: NAME, namespace: NAMESPACE },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: NAME },
        minReplicas: 1,
        maxReplicas: 5,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
      },
    });
    await client.create({
      ...sample,
      metadata: { ...sample.metadata, namespace: NAMESPACE },
      spec: { ...sample.spec, template },
    });
    const [first] = await podsOf(client, OWNER, 1);
    await expectAgentsIn([first]);

    await node.restartKubelet();
    await client.scale({ kind: 'Deployment', ...OWNER }, 3);
    await expectAgentsIn(await podsOf(client, OWNER, 3));
    expect(await client.find({ kind: 'Pod', namespace: NAMESPACE, name: first.metadata?.name ?? '' })).toBeDefined();
  });

  test('what the agent needs is in the container: kubectl exec', () => {
    const output = execFileSync(
      'kubectl',
      [
        '--kubeconfig',
        node.controlPlane.kubeconfigPath,
        'exec',
        '--namespace',
        NAMESPACE,
        `deployment/${NAME}`,
        '--',
        'env',
      ],
      { encoding: 'utf8' },
    );
    expect(output).toContain('CORECLR_PROFILER_PATH=/netagent/bin/libAriesProfiler.so\n');
    expect(output).toContain('ARIES_SERVER_ADDRESS=jennifer.example.com\n');
  });
});
