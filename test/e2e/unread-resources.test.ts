import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { render } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { helm } from '../support/deploy-tools.ts';
import { optedIn } from '../support/injected-cluster.ts';
import { claimIn, container } from '../support/pod.ts';
import { type Ended, run } from '../support/process.ts';
import { profileDocument } from '../support/fixtures.ts';
import { target } from '../support/targets.ts';
import { waitFor } from '../support/wait-for.ts';
import { installManifests } from './installed-entries.ts';

// A user with the ClusterRole `edit` of one namespace may read its AgentTargets, and neither AgentProfiles nor ClusterAgentTargets. What commands cannot
// know, they do not say: no pod is outdated, no name is to be corrected, no workload is to be restarted. There is no kubelet: no replica ever starts.

const DEV = 'system:serviceaccount:shop:dev';
const EVERYONE = '[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"system:authenticated"}]';

let controlPlane: ControlPlane;
let client: Client;

const asDev = (line: string): Promise<Ended> =>
  run([...line.split(' '), '-n', 'shop', '--as', DEV, '--kubeconfig', controlPlane.kubeconfigPath]);

const bind = (kind: string, role: string, namespace?: string): Promise<unknown> =>
  client.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name: `dev-${role}`, ...(namespace !== undefined && { namespace }) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: 'dev', namespace: 'shop' }],
  });

const isWanted = ({ kind = '', metadata }: KubeObject): boolean =>
  kind === 'CustomResourceDefinition' ||
  (kind === 'ClusterRole' && /-(?:view|edit)$/.test(metadata?.name ?? '')) ||
  (kind.startsWith('Role') && metadata?.name === 'agent-injector-cli');

describe.skipIf(helm === undefined)('a user who may not read AgentProfiles', () => {
  beforeAll(async () => {
    controlPlane = await startControlPlane();
    client = controlPlane.client;
    for (const object of installManifests) await client.create(object);
    const chart = render('default', {
      args: ['--no-hooks', '--set', 'crds.install=true', '--set-json', `cli.readers=${EVERYONE}`],
    });
    for (const object of chart.filter(isWanted)) await client.create(object);
    await client.createNamespace('shop', optedIn());
    await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'dev', namespace: 'shop' } });
    await bind('RoleBinding', 'edit', 'shop');
    await waitFor('the AgentProfile', () => client.create(profileDocument({}, 'our-java') as KubeObject));
    await waitFor('the AgentTarget', () =>
      client.create(target('web', { profile: 'our-java', selector: { matchLabels: { app: 'web' } } }) as KubeObject),
    );
    await client.create({ ...claimIn('shop'), metadata: { name: 'files', namespace: 'shop' } });
    await client.create(deployment);
    await waitFor('what edit aggregates', async () => {
      const { stderr } = await asDev('status');
      return stderr.includes('you may not read AgentProfiles, ClusterAgentTargets:');
    });
    await waitFor('the pod', async () => (await asDev('status')).stdout.includes('0/1'));
  });
  afterAll(() => controlPlane?.stop());

  const deployment: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container('web')] } },
    },
  };

  it.each([
    ['audit', 3],
    ['explain deploy/web', 3],
    ['plan --set domain-id=5', 3],
    ['rollout plan', 3],
    ['rollout run --dry-run', 3],
    ['rollout run --yes', 3],
    ['status', 0],
  ])('%s says that it is not known, once, with the binding that helps: exit code %i', async (line, code) => {
    const ended = await asDev(line);
    const all = ended.stdout + ended.stderr;
    expect(ended.code, all).toBe(code);
    expect(all).toMatch(/not[ -]known/);
    expect(all.match(/you may not read/g)).toHaveLength(1);
    expect(all).toContain('--clusterrole=agent-injector-view');
    // Neither wrong, nor a useless order, nor the whole sentence of the API server.
    expect(all).not.toMatch(/no longer exists|outdated:|Correct the name|rollout restart|every pod has|is forbidden/);
  });

  it('check is not ready to say that anything is wrong', async () => {
    const ended = await asDev('check');
    expect(ended.stdout).toMatch(/\nStatus: unknown/);
    expect(ended.code).toBe(3);
  });

  it('and is told all of it with agent-injector-view', async () => {
    await bind('ClusterRoleBinding', 'agent-injector-view');
    const explained = await waitFor('the binding', async () => {
      const ended = await asDev('explain deploy/web');
      expect(ended.stdout).toContain('our-java into container web');
      return ended;
    });
    expect(explained.code).toBe(0);
    expect((await asDev('plan --set domain-id=5')).code).toBe(0);
    expect((await asDev('rollout plan')).stdout).toContain('missing(1)');
  });
});
