import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { JsonObject } from '../../src/lib/json.ts';
import { ApiError, Client } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { ours } from '../support/injected-cluster.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { instrumented, podOf, recordOf, type Pod, type PodOptions } from '../support/pod.ts';
import { reviewText } from '../support/reviews.ts';
import { waitFor } from '../support/wait-for.ts';
import { installedConfiguration, withoutOptOuts } from './installed-entries.ts';
import { type Behavior, type LyingApiServer, startLyingApiServer } from './lying-api-server.ts';

// The entries of deploy/install.yaml on a real API server. The server reads namespaces with the token of a ServiceAccount, through a proxy that
// withholds and invents. Whatever it knows, no pod that the API server asks about by a required entry gets in without an agent.

const TRIES = 1000;
const CONFIGURATION = { kind: 'MutatingWebhookConfiguration', name: 'zz-agent-injector' };
const READER = 'namespace-reader';

let controlPlane: ControlPlane;
let client: Client;
let api: LyingApiServer;
let reader: Client;
let injector: Injector;
beforeAll(async () => {
  controlPlane = await startControlPlane();
  ({ client } = controlPlane);
  api = await startLyingApiServer(controlPlane);
  injector = await startInjector({ kubeconfigPath: await readerKubeconfig() });
  await injector.ready();
  await createRequired('probe');
  await install(injector);
});
afterAll(async () => {
  await injector?.stop();
  await api?.stop();
  await controlPlane?.stop();
});

/** A kubeconfig, through the proxy, of a ServiceAccount that may read namespaces. */
async function readerKubeconfig(): Promise<string> {
  const metadata = { name: READER };
  await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, namespace: 'default' } });
  await client.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata,
    rules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] }],
  });
  await bind();
  const { body } = await client.request('POST', `/api/v1/namespaces/default/serviceaccounts/${READER}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  });
  const { status } = body as { readonly status: { readonly token: string } };
  reader = new Client({
    url: controlPlane.url,
    ca: readFileSync(join(controlPlane.dir, 'ca.crt'), 'utf8'),
    token: status.token,
  });
  const path = join(controlPlane.dir, 'kubeconfig-reader');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'e', cluster: { server: api.url, 'certificate-authority': join(controlPlane.dir, 'ca.crt') } }],
    users: [{ name: 'e', user: { token: status.token } }],
    contexts: [{ name: 'e', context: { cluster: 'e', user: 'e' } }],
    'current-context': 'e',
  };
  writeFileSync(path, stringify(kubeconfig));
  return path;
}

async function bind(): Promise<void> {
  await client.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: READER },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: READER },
    subjects: [{ kind: 'ServiceAccount', name: READER, namespace: 'default' }],
  });
}

async function unbind(): Promise<void> {
  await client.delete({ kind: 'ClusterRoleBinding', name: READER });
  await waitFor('the role to be lost', async () => (await reader.request('GET', '/api/v1/namespaces')).status === 403);
  api.behave({});
}

/** Installs the entries of deploy/install.yaml, or what becomes of them, with the address of this server. */
async function install(
  server: Injector,
  change?: (entries: readonly JsonObject[]) => readonly JsonObject[],
): Promise<void> {
  await apply(server, change);
  const before = await server.reviews();
  await waitFor('the API server to call the webhook', async () => {
    await attempt('probe');
    return (await server.reviews()) > before;
  });
}

async function apply(
  { url, ca }: Pick<Injector, 'url' | 'ca'>,
  change?: (entries: readonly JsonObject[]) => readonly JsonObject[],
): Promise<void> {
  await client.delete(CONFIGURATION);
  await client.create(installedConfiguration({ url, ca }, change));
}

const required = { labels: ours({ injection: 'required' }), annotations: ours({ 'server-address': 'x.example.com' }) };

const createRequired = (name: string): Promise<void> => client.createNamespace(name, required);

let number = 0;

/** Creates a pod as a dry run. */
async function attempt(namespace: string, options: PodOptions = {}): Promise<'injected' | 'refused' | 'slipped'> {
  // No two pods are equal, so that no answer is a known one.
  const pod = podOf(namespace, `try-${number++}`, options);
  try {
    const { object } = await client.create<Pod>(pod, { dryRun: true });
    return instrumented(object).length > 0 ? 'injected' : 'slipped';
  } catch (error) {
    if (error instanceof ApiError && /denied the request|failed calling webhook/.test(error.message)) return 'refused';
    throw error;
  }
}

type Counts = Record<Awaited<ReturnType<typeof attempt>>, number>;

async function attempts(namespaces: readonly string[], count: number): Promise<Counts> {
  const counts: Counts = { injected: 0, refused: 0, slipped: 0 };
  for (let at = 0; at < count; at += 10) {
    const some = Array.from({ length: 10 }, (_, index) => attempt(namespaces[(at + index) % namespaces.length] ?? ''));
    for (const result of await Promise.all(some)) counts[result] += 1;
  }
  return counts;
}

const isKnown = async (namespace: string): Promise<boolean> => {
  const { warnings = [] } = await injector.review(namespace, podOf(namespace, 'known'));
  return !warnings.some((text) => text.includes('namespace-un'));
};

/** Namespaces that become `required` while the server is in the dark: one that was enabled, one without a label, and one that is new. */
async function darken(prefix: string, begin: () => void | Promise<void>): Promise<readonly string[]> {
  const names = [`${prefix}-enabled`, `${prefix}-plain`, `${prefix}-new`] as const;
  const [enabled, plain, fresh] = names;
  await client.createNamespace(enabled, { ...required, labels: ours({ injection: 'enabled' }) });
  await client.createNamespace(plain);
  for (const name of [enabled, plain]) await waitFor(`the injector to know ${name}`, () => isKnown(name));
  await begin();
  for (const name of [enabled, plain]) await client.patch({ kind: 'Namespace', name }, { metadata: required });
  await createRequired(fresh);
  // The API server has a cache of namespaces, too: until it knows the label, it does not ask.
  for (const name of names) {
    await waitFor(`the API server to ask for ${name}`, async () => (await attempt(name)) !== 'slipped', {
      deadline: 15_000,
    });
  }
  return names;
}

const share = Math.ceil(TRIES / 70) * 10;
const allRefused: Counts = { injected: 0, refused: share, slipped: 0 };

describe('no pod gets in without an agent', () => {
  test.each<[string, Behavior, 'injected' | 'refused']>([
    ['while watches are cut, and namespaces cannot be asked for', { holdsWatches: true, lookup: 'silence' }, 'refused'],
    ['while watches are cut, and namespaces can be asked for', { holdsWatches: true }, 'injected'],
    ['while the API server says that a namespace has no label', { holdsWatches: true, lookup: {} }, 'refused'],
    ['while the API server says that no namespace exists', { holdsWatches: true, lookup: 'absent' }, 'refused'],
    ['while every list is empty', { hasNothing: true, lookup: 'absent' }, 'refused'],
  ])('%s', async (name, behavior, expected) => {
    const prefix = `dark-${name.length}-${number}`;
    try {
      const counts = await attempts(await darken(prefix, () => api.behave(behavior)), share);
      console.log(`${name}: ${JSON.stringify(counts)}`);
      expect(counts.slipped).toBe(0);
      // Where look-ups stay silent, the tries take so long that the next list may tell the server the truth.
      expect(counts[expected]).toBeGreaterThan(0);
    } finally {
      api.behave({});
      await waitFor('the injector to read namespaces again', () => isKnown('probe'));
    }
  });

  test('while its role is not bound', async () => {
    try {
      const counts = await attempts(await darken('unbound', unbind), share);
      console.log(`without RBAC: ${JSON.stringify(counts)}`);
      expect(counts).toEqual(allRefused);
    } finally {
      await bind();
    }
  });

  test('while made-up names are looked up on both paths', async () => {
    await waitFor('the role to be bound again', () => isKnown('probe'));
    const names = await darken('flooded', () => api.behave({ holdsWatches: true }));
    const webhook = new Client({ url: new URL(injector.url).origin, ca: injector.ca, token: '' });
    const over = new AbortController();
    const flood = Array.from({ length: 8 }, async (_, at) => {
      for (let index = 0; !over.signal.aborted; index++) {
        const body: unknown = JSON.parse(reviewText(`made-up-${at}-${index}`, podOf('x', 'x'), `${at}-${index}`));
        await webhook.request('POST', index % 2 === 0 ? '/mutate' : '/mutate/required', body);
      }
    });
    const counts = await attempts(names, share);
    over.abort();
    await Promise.all(flood);
    console.log(`under a flood: ${JSON.stringify(counts)}`);
    expect(counts.slipped).toBe(0);
    api.behave({});
  });
});

const ways: readonly (readonly [string, PodOptions])[] = [
  ['the annotation', { annotations: ours({ inject: 'false' }) }],
  ['the label', { labels: ours({ injection: 'disabled' }) }],
];

const optOuts = async (server: Injector): Promise<number> =>
  Number(/code="required-opt-out"\} (\d+)/.exec((await server.ask('/metrics')).text)?.[1] ?? 0);

describe('the ways out of a required namespace', () => {
  test.each(ways)('%s leaves a warning, a record and a count', async (name, options) => {
    const namespace = 'probe';
    const before = await optOuts(injector);
    const { object, warnings } = await client.create<Pod>(podOf(namespace, `out-${number++}`, options));
    expect(warnings).toEqual([expect.stringContaining('required-opt-out: ')]);
    expect(recordOf(object), name).toMatchObject({ decision: 'skipped', reason: 'opted-out' });
    expect(instrumented(object)).toEqual([]);
    expect(await optOuts(injector)).toBe(before + 1);
  });

  test.each(ways)('%s is none if strictRequired is set, and none while no such server runs', async (_, options) => {
    const strict = await startInjector({ ...controlPlane, flags: { 'strict-required': 'true' } });
    try {
      await strict.ready();
      await install(strict, withoutOptOuts);
      expect(await attempt('probe', options)).toBe('injected');
      const broken = { ...options, annotations: { ...options.annotations, ...ours({ 'domain-id': 'x' }) } };
      expect(await attempt('probe', broken)).toBe('refused');
    } finally {
      await strict.stop();
    }
    expect(await attempt('probe', options)).toBe('refused');
    await install(injector);
  });

  test.each(ways)('%s works while no server runs, and nothing else does', async (_, options) => {
    await apply({ url: 'https://127.0.0.1:9/mutate', ca: injector.ca });
    await waitFor('the API server to call nothing', async () => (await attempt('probe')) === 'refused');
    expect(await attempt('probe', options)).toBe('slipped');
    await install(injector);
  });
});
