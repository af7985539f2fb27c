import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pathToWrite } from '../../src/cluster/webhook-configuration/paths.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { NAMESPACE, objectsOf, only, render, root } from '../support/chart.ts';
import { Client, type KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { helm } from '../support/deploy-tools.ts';
import { waitFor } from '../support/wait-for.ts';
import { tokenOf } from './installed-server.ts';

// What the token of the server's ServiceAccount can do with the objects that it may write: the server's own writes, and nothing else.

const NAME = 'agent-injector';
const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const VALIDATING = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const SECRET = `${SECRETS}/${NAME}-tls`;
const CONFIGURATION_NAME = `zz-${NAME}`;
const CONFIGURATION = `${CONFIGURATIONS}/${CONFIGURATION_NAME}`;
const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';
const CA = 'Q0E=';

let dir: string;
let controlPlane: ControlPlane;
let client: Client;
let account: Client;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-policy-'));
  controlPlane = await startControlPlane({ dir, controllerManagerFlags: ['--controllers=*'] });
  ({ client } = controlPlane);
  const install = objectsOf(readFileSync(join(root, 'deploy/install.yaml'), 'utf8'));
  for (const object of install.filter(({ kind }) => kind !== 'Deployment')) await client.create(object);
  account = new Client({
    url: controlPlane.url,
    ca: readFileSync(join(dir, 'ca.crt'), 'utf8'),
    token: await tokenOf(client, NAME),
  });
  // The API server learns of a policy within seconds.
  await waitFor('the policies', async () => {
    const replies = await Promise.all([
      ask('PATCH', CONFIGURATION, { metadata: { labels: { a: 'b' } } }, MERGE_PATCH),
      ask('PUT', SECRET, await changed(SECRET, (secret) => ({ ...secret, immutable: true }))),
      ask('POST', '/api/v1/namespaces/default/events', event({ reason: 'Other' })),
    ]);
    return replies.every(({ text }) => text.includes('ValidatingAdmissionPolicy'));
  });
});
afterAll(async () => {
  await controlPlane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** A dry run with the token of the ServiceAccount. */
async function ask(
  method: string,
  path: string,
  body?: unknown,
  type?: string,
): Promise<{ status: number; text: string }> {
  const query = type === APPLY_PATCH ? '?dryRun=All&fieldManager=x&force=true' : '?dryRun=All';
  const reply = await account.request(method, path + query, body, type);
  return { status: reply.status, text: JSON.stringify(reply.body) };
}

async function changed<T>(path: string, change: (object: KubeObject) => T): Promise<T> {
  return change((await client.request('GET', path)).body as KubeObject);
}

const event = (more: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'web.0123456789abcdef', namespace: 'default' },
  involvedObject: { kind: 'Deployment', namespace: 'default', name: 'web' },
  type: 'Normal',
  reason: 'AgentInjected',
  message: 'x',
  source: { component: NAME },
  reportingComponent: NAME,
  reportingInstance: NAME,
  ...more,
});

const entry = (field: string, value: unknown): readonly object[] => [
  { op: 'add', path: `/webhooks/0/${field}`, value },
];
const rule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'], scope: '*' };
const other = { namespace: 'evil', name: 'evil', path: '/mutate', port: 443 };

/** Changes of the webhook configuration, as JSON patches. */
const patches: Readonly<Record<string, readonly object[]>> = {
  'rules for everything': entry('rules', [rule]),
  'one more rule': entry('rules/-', rule),
  'an empty namespaceSelector': entry('namespaceSelector', {}),
  'an empty objectSelector': entry('objectSelector', {}),
  'no matchConditions': [{ op: 'remove', path: '/webhooks/0/matchConditions' }],
  'another matchCondition': entry('matchConditions/0/expression', 'true'),
  'a URL': [
    { op: 'remove', path: '/webhooks/0/clientConfig/service' },
    { op: 'add', path: '/webhooks/0/clientConfig/url', value: 'https://attacker.example/mutate' },
  ],
  'another Service': entry('clientConfig/service', other),
  'another Service of its namespace': entry('clientConfig/service/name', 'evil'),
  'a Service of another namespace': entry('clientConfig/service/namespace', 'evil'),
  'another path': entry('clientConfig/service/path', '/evil'),
  'a path of another kind': entry('clientConfig/service/path', '/mutate/required'),
  'a path of another kind with a secret': entry('clientConfig/service/path', `/mutate/required/${'a'.repeat(32)}`),
  'a path for required pods that makes them optional': [
    { op: 'add', path: '/webhooks/1/clientConfig/service/path', value: `/mutate/${'a'.repeat(32)}` },
  ],
  'a path for required pods that makes them optional, without a secret': [
    { op: 'add', path: '/webhooks/3/clientConfig/service/path', value: '/mutate' },
  ],
  'a path with a short secret': entry('clientConfig/service/path', '/mutate/a'),
  'a path with more than a secret': entry('clientConfig/service/path', `/mutate/${'a'.repeat(32)}/x`),
  'an empty path': entry('clientConfig/service/path', ''),
  'another port': entry('clientConfig/service/port', 8443),
  'failurePolicy Fail': entry('failurePolicy', 'Fail'),
  'matchPolicy Exact': entry('matchPolicy', 'Exact'),
  'sideEffects NoneOnDryRun': entry('sideEffects', 'NoneOnDryRun'),
  'a timeout of 30 s': entry('timeoutSeconds', 30),
  'other admissionReviewVersions': entry('admissionReviewVersions', ['v1beta1', 'v1']),
  'reinvocationPolicy Never': entry('reinvocationPolicy', 'Never'),
  'another name': entry('name', 'other.agent-injector.io'),
  'no entries': [{ op: 'replace', path: '/webhooks', value: [] }],
  'one entry less': [{ op: 'remove', path: '/webhooks/2' }],
  'one entry more': [
    { op: 'copy', from: '/webhooks/0', path: '/webhooks/-' },
    { op: 'replace', path: '/webhooks/4/name', value: 'more.agent-injector.io' },
  ],
  'another order': [{ op: 'move', from: '/webhooks/0', path: '/webhooks/2' }],
  'rules next to caBundle': [
    ...entry('clientConfig/caBundle', CA),
    { op: 'replace', path: '/webhooks/2/rules/0/resources', value: ['secrets'] },
  ],
  'a label': [{ op: 'add', path: '/metadata/labels/a', value: 'b' }],
  'no labels': [{ op: 'remove', path: '/metadata/labels' }],
  'an annotation': [{ op: 'add', path: '/metadata/annotations', value: { 'cert-manager.io/inject-ca-from': 'a/b' } }],
  'a finalizer': [{ op: 'add', path: '/metadata/finalizers', value: ['example.com/a'] }],
  'an owner': [
    {
      op: 'add',
      path: '/metadata/ownerReferences',
      value: [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: '0' }],
    },
  ],
};

const copyNamedX = ({ apiVersion, kind, webhooks }: KubeObject) => ({
  apiVersion,
  kind,
  webhooks,
  metadata: { name: 'x' },
});

type Attempt = readonly [name: string, make: () => ReturnType<typeof ask>];

const secretWith =
  (change: (object: KubeObject) => KubeObject): Attempt[1] =>
  async () =>
    ask('PUT', SECRET, await changed(SECRET, change));

const annotated = (object: KubeObject, annotations: Readonly<Record<string, string>>): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, annotations },
});

/** What RBAC or the policies have to deny. */
const attempts: readonly Attempt[] = [
  ...Object.entries(patches).map(([name, patch]): Attempt => [
    `a patch: ${name}`,
    () => ask('PATCH', CONFIGURATION, patch, JSON_PATCH),
  ]),
  ['a merge patch', () => ask('PATCH', CONFIGURATION, { metadata: { labels: { a: 'b' } } }, MERGE_PATCH)],
  [
    'an update',
    async () => ask('PUT', CONFIGURATION, await changed(CONFIGURATION, (object) => ({ ...object, webhooks: [] }))),
  ],
  [
    'a server-side apply',
    async () => {
      const object = await changed(CONFIGURATION, ({ apiVersion, kind, webhooks }) => {
        const [first] = webhooks as readonly object[];
        return { apiVersion, kind, metadata: { name: CONFIGURATION_NAME }, webhooks: [{ ...first, rules: [rule] }] };
      });
      return ask('PATCH', CONFIGURATION, object, APPLY_PATCH);
    },
  ],
  ['a deletion', () => ask('DELETE', CONFIGURATION)],
  ['a deletion of all', () => ask('DELETE', CONFIGURATIONS)],
  [
    'a creation',
    async () => {
      return ask('POST', CONFIGURATIONS, await changed(CONFIGURATION, copyNamedX));
    },
  ],
  [
    'a creation by server-side apply',
    async () => {
      return ask('PATCH', `${CONFIGURATIONS}/x`, await changed(CONFIGURATION, copyNamedX), APPLY_PATCH);
    },
  ],
  [
    'a validating webhook',
    () =>
      ask('POST', VALIDATING, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'x' },
        webhooks: [],
      }),
  ],
  [
    'a Secret with a label',
    secretWith((object) => ({ ...object, metadata: { ...object.metadata, labels: { a: 'b' } } })),
  ],
  [
    'a Secret that a replicator fills from another namespace',
    secretWith((object) => annotated(object, { 'replicator.v1.mittwald.de/replicate-from': 'kube-system/x' })),
  ],
  ['a Secret that stays as it is', secretWith((object) => ({ ...object, immutable: true }))],
  ['a Secret with another key', secretWith((object) => ({ ...object, data: { token: CA } }))],
  ['a Secret with another key, as text', secretWith((object) => ({ ...object, stringData: { token: 'x' } }))],
  [
    'a Secret with the token of a ServiceAccount',
    () =>
      ask('POST', SECRETS, {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/service-account-token',
        metadata: { name: 'x', annotations: { 'kubernetes.io/service-account.name': 'default' } },
      }),
  ],
  ['the deletion of its Secret', () => ask('DELETE', SECRET)],
  ...(
    [
      ['another reason', { reason: 'FailedScheduling' }],
      ['another component', { source: { component: 'kubelet' } }],
      ['another reporter', { reportingComponent: 'kubelet' }],
      ['a node', { source: { component: NAME, host: 'node-1' } }],
      ['a label', { metadata: { name: 'a', namespace: 'default', labels: { a: 'b' } } }],
      ['an annotation', { metadata: { name: 'a', namespace: 'default', annotations: { a: 'b' } } }],
    ] as const
  ).map(([name, more]): Attempt => [
    `an Event with ${name}`,
    () => ask('POST', '/api/v1/namespaces/default/events', event(more)),
  ]),
];

describe('the token of the ServiceAccount', () => {
  test.each(attempts)('is denied %s', async (_, make) => {
    const { status, text } = await make();
    expect([403, 422], text).toContain(status);
    expect(text).toMatch(/ValidatingAdmissionPolicy|cannot (create|update|delete|deletecollection|patch) resource/);
  });

  test('may write the path of any entry, with a secret and without, and may not remove it', async () => {
    const write = (secret: string): readonly object[] =>
      ['/mutate', '/mutate/required', '/mutate/required', '/mutate/required'].map((path, index) => ({
        op: 'add',
        path: `/webhooks/${index}/clientConfig/service/path`,
        value: path + secret,
      }));
    for (const secret of ['', `/${'a1'.repeat(16)}`, `/${'z'.repeat(26)}`])
      expect(await ask('PATCH', CONFIGURATION, write(secret), JSON_PATCH)).toMatchObject({ status: 200 });
    await client.patch({ kind: 'MutatingWebhookConfiguration', name: CONFIGURATION_NAME }, write(''), { type: 'json' });
    const remove = [{ op: 'remove', path: '/webhooks/0/clientConfig/service/path' }];
    const { status, text } = await ask('PATCH', CONFIGURATION, remove, JSON_PATCH);
    expect([403, 422]).toContain(status);
    expect(text).toContain('ValidatingAdmissionPolicy');
  });

  describe.skipIf(helm === undefined)('with the entries that values of the chart make', () => {
    const service = { name: NAME, namespace: NAMESPACE };
    const configured = { kind: 'MutatingWebhookConfiguration', name: CONFIGURATION_NAME };
    let before: unknown;
    beforeAll(async () => {
      ({ webhooks: before } = await client.get(configured));
    });
    afterAll(() => client.patch(configured, [{ op: 'replace', path: '/webhooks', value: before }], { type: 'json' }));

    test.each([
      [],
      ['required.strict=true'],
      ['workloadWarnings.enabled=true'],
      ['required.strict=true', 'workloadWarnings.enabled=true'],
    ])('%s %s may write what the server writes into each', async (...values) => {
      const objects = render('default', { args: values.flatMap((value) => ['--set', value]) });
      const { webhooks } = only<KubeObject & { webhooks: readonly JsonObject[] }>(
        objects,
        'MutatingWebhookConfiguration',
      );
      await client.patch(configured, [{ op: 'replace', path: '/webhooks', value: webhooks }], { type: 'json' });
      for (const secret of [undefined, 'a1'.repeat(16)]) {
        const writes = webhooks.flatMap((one, index) => [
          { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: CA },
          {
            op: 'add',
            path: `/webhooks/${index}/clientConfig/service/path`,
            value: pathToWrite(one, service, { secret, isKnownEverywhere: true }),
          },
        ]);
        const { status, text } = await ask('PATCH', CONFIGURATION, writes, JSON_PATCH);
        expect(status, text).toBe(200);
      }
    });
  });

  test('may write caBundle of any entry, the data of its Secret, and its Events', async () => {
    const all = [0, 1, 2].map((index) => ({ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: CA }));
    expect(await ask('PATCH', CONFIGURATION, all, JSON_PATCH)).toMatchObject({ status: 200 });
    expect(await ask('PATCH', CONFIGURATION, all.slice(1, 2), JSON_PATCH)).toMatchObject({ status: 200 });
    const data = { 'tls.crt': CA, 'tls.key': CA, 'ca.crt': CA, 'ca.key': CA };
    expect(await secretWith((object) => ({ ...object, data }))()).toMatchObject({ status: 200 });
    expect(await secretWith((object) => object)()).toMatchObject({ status: 200 });
    for (const reason of ['AgentInjected', 'AgentNotInjected', 'PodRefused', 'AgentNotice'])
      expect(await ask('POST', '/api/v1/namespaces/default/events', event({ reason }))).toMatchObject({ status: 201 });
  });
});

describe('the policies', () => {
  test('deny the same to a ServiceAccount that is a cluster administrator', async () => {
    await client.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'mistake' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', namespace: NAMESPACE, name: NAME }],
    });
    await waitFor('the role', async () => (await ask('GET', '/api/v1/nodes')).status === 200);
    const texts = await Promise.all(attempts.map(async ([name, make]) => `${name}: ${(await make()).text}`));
    expect(texts.filter((text) => !text.includes('ValidatingAdmissionPolicy'))).toEqual([]);
    await client.delete({ kind: 'ClusterRoleBinding', name: 'mistake' });
  });

  test('do not limit others', async () => {
    for (const patch of Object.values(patches)) {
      const reply = await client.request('PATCH', `${CONFIGURATION}?dryRun=All`, patch, JSON_PATCH);
      expect(reply.status, JSON.stringify(reply.body)).toBe(200);
    }
    const created = await client.request(
      'POST',
      '/api/v1/namespaces/default/events?dryRun=All',
      event({ reason: 'Other' }),
    );
    expect(created.status).toBe(201);
  });

  test('are valid for the types of the API server', async () => {
    const policies = await waitFor('the type checks', async () => {
      const found = await client.list<Policy>({ kind: 'ValidatingAdmissionPolicy' });
      return found.every(({ status }) => status?.typeChecking !== undefined) && found;
    });
    expect(policies).toHaveLength(3);
    expect(policies.flatMap(({ status }) => status?.typeChecking?.expressionWarnings ?? [])).toEqual([]);
  });

  test('know every field of an entry that this API server knows', async () => {
    const { body } = await client.request('GET', '/openapi/v3/apis/admissionregistration.k8s.io/v1');
    const { schemas } = (body as { components: { schemas: Record<string, { properties: object }> } }).components;
    const policies = await client.list<Policy>({ kind: 'ValidatingAdmissionPolicy' });
    const text = policies.flatMap(({ spec }) => spec.validations.map(({ expression }) => expression)).join('\n');
    const fieldsOf = (type: string): readonly string[] =>
      Object.keys(schemas[`io.k8s.api.admissionregistration.v1.${type}`]?.properties ?? {});
    const fields = [
      ...fieldsOf('MutatingWebhook'),
      ...fieldsOf('WebhookClientConfig'),
      ...fieldsOf('ServiceReference'),
    ];
    expect(fields.length).toBeGreaterThan(15);
    const free = new Set(['caBundle', 'clientConfig', 'service']);
    expect(fields.filter((field) => !free.has(field) && !new RegExp(`entry\\.\\S*\\b${field}\\b`).test(text))).toEqual(
      [],
    );
  });
});

interface Policy extends KubeObject {
  readonly spec: { readonly validations: readonly { readonly expression: string }[] };
  readonly status?: { readonly typeChecking?: { readonly expressionWarnings?: readonly unknown[] } };
}
