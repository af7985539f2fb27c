import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { mountedDirectory, profileText, type Mounted } from '../support/mounted-directory.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { optedIn, ours } from '../support/injected-cluster.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { container, podOf, recordOf, variable, type Pod } from '../support/pod.ts';
import { waitFor, waitUntil } from '../support/wait-for.ts';
import { registerWebhook } from './webhook.ts';

// What the server reads from a cluster: the keys of ConfigMaps, if it has the permission, and the version; and profiles that change.

const JAVA = 'JAVA_TOOL_OPTIONS';
const ACCOUNT = { namespace: 'default', name: 'injector' };

const java = (option: string): string =>
  profileText('our-java', {
    deliveries: [
      { image: { reference: 'registry.example.com/agent:1' } },
      { initContainer: { image: 'registry.example.com/agent:1', command: ['cp', '-a', '/files/.', '/agent'] } },
    ],
    mounts: [{ path: '/our-agent' }],
    environment: [{ name: JAVA, operation: 'append', separator: ' ', value: option }],
  });

let controlPlane: ControlPlane;
let client: Client;
let injector: Injector;
let profiles: Mounted;
beforeAll(async () => {
  controlPlane = await startControlPlane();
  ({ client } = controlPlane);
  profiles = await mountedDirectory({ 'our-java.yaml': java('-javaagent:/our-agent/one.jar') });
  injector = await startInjector({
    kubeconfigPath: await kubeconfigOfAccount(),
    flags: { profiles: profiles.dir, 'config-map-keys': 'true' },
  });
  await injector.ready();
  await registerWebhook(client, { url: injector.url, ca: injector.ca });
  await client.createNamespace('shop', optedIn({ profile: 'our-java', 'image-volumes': 'on' }));
});
afterAll(async () => {
  await injector?.stop();
  await controlPlane?.stop();
  await profiles?.remove();
});

const allow = async (name: string, resources: readonly string[], verbs: readonly string[]): Promise<void> => {
  const group = 'rbac.authorization.k8s.io';
  const rules = [{ apiGroups: [''], resources, verbs }];
  await client.create({ apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules });
  const subjects = [{ kind: 'ServiceAccount', ...ACCOUNT }];
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name };
  await client.create({ apiVersion: `${group}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects });
};

/** Writes a kubeconfig for a ServiceAccount with the permissions that the chart grants by default. */
async function kubeconfigOfAccount(): Promise<string> {
  await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: ACCOUNT });
  await allow('agent-injector', ['namespaces'], ['get', 'list', 'watch']);
  const path = `/api/v1/namespaces/${ACCOUNT.namespace}/serviceaccounts/${ACCOUNT.name}/token`;
  const { body } = await client.request('POST', path, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' });
  const { token } = (body as { status: { token: string } }).status;
  const cluster = { server: controlPlane.url, 'certificate-authority': join(controlPlane.dir, 'ca.crt') };
  const file = join(controlPlane.dir, 'account.yaml');
  const kubeconfig = {
    clusters: [{ name: 'e2e', cluster }],
    users: [{ name: 'account', user: { token } }],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: 'account' } }],
    'current-context': 'e2e',
  };
  writeFileSync(file, stringify(kubeconfig), { mode: 0o600 });
  return file;
}

const configMap = (name: string, data: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'shop', name },
  data,
});
const from = (name: string, prefix?: string) => ({
  spec: {
    containers: [container('app', { envFrom: [{ configMapRef: { name }, ...(prefix !== undefined && { prefix }) }] })],
  },
});
let count = 0;
const create = async (options: object): Promise<Pod> =>
  (await client.create<Pod>(podOf('shop', `pod-${(count += 1)}`, options), { dryRun: true })).object;

test('a variable that comes from envFrom is not extended without the permission, and readiness says why', async () => {
  await client.create(configMap('settings', { [JAVA]: '-Xmx100m' }));
  const pod = await create(from('settings'));
  expect(recordOf(pod)).toMatchObject({ decision: 'skipped', reason: 'unproven-variable' });
  expect(variable(pod, JAVA)).toBeUndefined();
  const { status, text } = await injector.ask('/readyz');
  expect(status).toBe(200);
  expect(text).toMatch(/^ok\nnote: .*configmaps is forbidden/);
});

test('the value of a ConfigMap is extended once the permission is granted, without a restart', async () => {
  await allow('agent-injector-config-map-keys', ['configmaps'], ['list', 'watch']);
  await waitFor('the keys to be loaded', async () => (await injector.ask('/readyz')).text === 'ok\n', {
    deadline: 60_000,
  });
  const pod = await create(from('settings'));
  expect(variable(pod, JAVA)).toBe(`$(${JAVA}) -javaagent:/our-agent/one.jar`);
  expect(recordOf(pod)).toMatchObject({ decision: 'injected' });
  expect((await injector.ask('/metrics')).text).toMatch(/^agent_injector_config_maps [1-9]/m);
});

test('a ConfigMap without the key, with a prefixed key, or absent decides whether the variable is extended', async () => {
  await client.create(configMap('others', { OTHER: 'x', OPTIONS: 'y' }));
  const valueWith = async (options: object) => {
    const pod = await waitUntil(
      'the ConfigMap to be loaded',
      () => create(options),
      (created) => variable(created, JAVA) !== undefined,
    );
    return variable(pod, JAVA);
  };
  expect(await valueWith(from('others'))).toBe('-javaagent:/our-agent/one.jar');
  expect(await valueWith(from('others', 'JAVA_TOOL_'))).toBe(`$(${JAVA}) -javaagent:/our-agent/one.jar`);
  expect(recordOf(await create(from('not-there')))).toMatchObject({ reason: 'unproven-variable' });
});

test('a new key of a ConfigMap takes effect within a second, and a removed one too', async () => {
  await client.create(configMap('growing', { OTHER: 'x' }));
  const waitForValue = (expected: string) =>
    waitFor(`${JAVA} to be ${expected}`, async () => variable(await create(from('growing')), JAVA) === expected, {
      interval: 5,
    });
  await waitForValue('-javaagent:/our-agent/one.jar');
  await client.patch({ kind: 'ConfigMap', namespace: 'shop', name: 'growing' }, { data: { [JAVA]: '-Xmx1g' } });
  const changed = performance.now();
  await waitForValue(`$(${JAVA}) -javaagent:/our-agent/one.jar`);
  const after = Math.round(performance.now() - changed);
  console.log(`a new key of a ConfigMap took effect after ${after} ms`);
  expect(after).toBeLessThan(1000);
  await client.patch({ kind: 'ConfigMap', namespace: 'shop', name: 'growing' }, { data: { [JAVA]: null } });
  await waitForValue('-javaagent:/our-agent/one.jar');
});

test('an image volume is the first possible delivery, because the version of the API server is known', async () => {
  const pod = await create({});
  expect(recordOf(pod)).toMatchObject({ containers: [{ container: 'app', delivery: 'image' }] });
  expect(pod.spec['volumes']).toContainEqual(
    expect.objectContaining({ image: { reference: 'registry.example.com/agent:1', pullPolicy: 'IfNotPresent' } }),
  );
  expect(injector.lines()).toContainEqual(
    expect.objectContaining({ msg: 'read the version of the API server', kubernetes: '1.36' }),
  );
});

test('a changed profile takes effect without a restart, an invalid one keeps its last version, and a removed one is reported with a suggestion', async () => {
  await profiles.swap({ 'our-java.yaml': java('-javaagent:/our-agent/two.jar') });
  await waitFor('the new profile', async () => variable(await create({}), JAVA) === '-javaagent:/our-agent/two.jar');
  await profiles.swap({
    'our-java.yaml': java('-javaagent:/our-agent/three.jar').replace('operation: append', 'operation: apend'),
  });
  const { text } = await waitUntil(
    'the note',
    () => injector.ask('/readyz'),
    (readiness) => readiness.text !== 'ok\n',
  );
  expect(text).toMatch(/^ok\nnote: .*our-java\.yaml:\d+:\d+: our-java: spec\.environment/);
  expect(variable(await create({}), JAVA)).toBe('-javaagent:/our-agent/two.jar');
  await profiles.swap({ 'our-jawa.yaml': java('-javaagent:/our-agent/four.jar').replace('our-java', 'our-jawa') });
  await waitFor('the profile to go', async () => variable(await create({}), JAVA) === undefined);
  const { object, warnings } = await client.create<Pod>(podOf('shop', 'gone'), { dryRun: true });
  expect(recordOf(object)).toMatchObject({ decision: 'skipped', reason: 'unknown-profile' });
  expect(warnings.join()).toContain('did you mean "our-jawa"?');
  const { object: other } = await client.create<Pod>(
    podOf('shop', 'other', { annotations: ours({ profile: 'our-jawa' }) }),
  );
  expect(variable(other, JAVA)).toBe('-javaagent:/our-agent/four.jar');
});
