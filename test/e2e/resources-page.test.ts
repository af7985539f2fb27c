import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NAMESPACE, root } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import type { GuardedProcess } from '../support/guarded-process.ts';
import { podOf } from '../support/pod.ts';
import { canFollow, runCommands } from '../support/documented-commands.ts';
import { waitFor } from '../support/wait-for.ts';
import { installedFlags, runInstalled } from './installed-server.ts';

// docs/resources.md walks from nothing to a target: its commands, in its order, on a cluster where the chart is installed. The server runs with the
// ServiceAccount of the chart, so its permissions are those that people have.

const page = readFileSync(join(root, 'docs/resources.md'), 'utf8');
/** The commands below their numbers, without the indentation of the list. */
const commands = [...page.matchAll(/^ {3}```sh\n([\s\S]*?)^ {3}```$/gm)].map(([, block = '']) =>
  block.replaceAll(/^ {3}/gm, ''),
);

describe.skipIf(!canFollow)('docs/resources.md', () => {
  let controlPlane: ControlPlane;
  let client: Client;
  let server: GuardedProcess | undefined;

  const run = (command: string): Promise<string> => runCommands(command, controlPlane.kubeconfigPath);

  beforeAll(async () => {
    controlPlane = await startControlPlane(installedFlags);
    ({ client } = controlPlane);
    await run(
      `helm upgrade --install agent-injector deploy/helm/agent-injector --namespace ${NAMESPACE} --create-namespace --set image.repository=registry.example.com/agent-injector`,
    );
  });
  afterAll(async () => {
    await server?.stop();
    await controlPlane?.stop();
  });

  /** The agent that a pod would get, created as a dry run. */
  const agentOf = async (labels: Readonly<Record<string, string>>): Promise<string | undefined> => {
    const pod = podOf('shop', 'any') as KubeObject;
    const { object } = await client.create(
      { ...pod, metadata: { ...pod.metadata, name: 'any', namespace: 'shop', labels } },
      { dryRun: true },
    );
    return object.metadata?.labels?.['agent-injector.io/injected'];
  };

  test('has five commands', () => expect(commands).toHaveLength(5));

  test('1: installs the definitions', async () => {
    expect(await run(commands[0] ?? '')).toContain('STATUS: deployed');
    expect(await run('kubectl get crd -o name')).toContain('agentprofiles.agent-injector.io');
    server = await runInstalled(controlPlane);
  }, 120_000);

  test('2: makes a namespace without an agent', async () => {
    await run(commands[1] ?? '');
    await waitFor('the ServiceAccount', () =>
      client.find({ kind: 'ServiceAccount', namespace: 'shop', name: 'default' }),
    );
    expect(await agentOf({ app: 'web' })).toBeUndefined();
  });

  test('3 and 4: makes a profile, which is in service', async () => {
    await run(commands[2] ?? '');
    expect(await run(commands[3] ?? '')).toContain('condition met');
  }, 90_000);

  test('5: makes a target, and the next pod with its label gets the agent', async () => {
    await run(commands[4] ?? '');
    await waitFor('a pod with the agent', async () => (await agentOf({ app: 'web' })) === 'our-java');
    expect(await agentOf({ app: 'other' })).toBeUndefined();
  });

  test('kubectl get shows the columns of the page', async () => {
    const [head = '', row = ''] = (await run('kubectl get ap')).split('\n');
    const [, shown = ''] = /\$ kubectl get ap\n(.*)\n/.exec(page) ?? [];
    expect(head.split(/\s+/)).toEqual(shown.split(/\s+/));
    expect(row.split(/\s+/).slice(0, 3)).toEqual(['our-java', 'OpenTelemetry', 'True']);
  });

  test('who may edit a namespace writes its targets, and neither profiles nor the targets of the cluster', async () => {
    await run('kubectl create rolebinding dev --clusterrole=edit --user=dev -n shop');
    const may = async (what: string): Promise<string> =>
      (await run(`kubectl auth can-i ${what} --as=dev || true`)).trim();
    await waitFor('the roles to be aggregated', async () => (await may('create agenttargets -n shop')) === 'yes');
    expect(await may('get agenttargets -n shop')).toBe('yes');
    for (const what of [
      'create agenttargets -n default',
      'create agentprofiles',
      'get agentprofiles',
      'create clusteragenttargets',
    ])
      expect(await may(what), what).toBe('no');
    expect(await may('patch agenttargets --subresource=status -n shop')).toBe('no');
    // As the page says.
    const [, bind = ''] = /`(kubectl create clusterrolebinding [^`]+)`/.exec(page) ?? [];
    await run(bind);
    expect(await may('get agentprofiles')).toBe('yes');
  });

  test('kubectl explain has a text for each field, and short names are known', async () => {
    expect(await run('kubectl explain agentprofile.spec.deliveries')).toContain('Deliveries in order of preference');
    expect(await run('kubectl get at,cagt -A')).toContain('web');
  });
});
