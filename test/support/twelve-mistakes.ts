import { builtInCatalogue } from '../../src/profile-sources/builtin.ts';
import { admit } from '../../src/admission/admit.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import { decodePod } from '../../src/kubernetes/pod.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import { DAY } from '../../src/certificates/describe.ts';
import { issueAuthority } from '../../src/certificates/issue.ts';
import { type JsonObject, objectIn, objectsIn } from '../../src/lib/json.ts';
import { breakerKey, type Breaker } from '../../src/api/breaker.ts';
import { installManifests } from '../e2e/installed-entries.ts';
import type { Client, KubeObject } from './client.ts';
import { optedIn, ours } from './injected-cluster.ts';
import { claimIn, container, podOf, type Pod } from './pod.ts';
import { waitFor } from './wait-for.ts';

/** Each mistake of the cluster, by the `id` of the need that says it, in the order of the page. */
export const TWELVE_MISTAKES = [
  'server.replicas',
  'breaker.breaker-open',
  'refused.not-created',
  'failing.crashing',
  'failing.pull-failed',
  'missing.expected-not-injected',
  'missing.unknown-profile',
  'missing.missing-parameter',
  'outdated.outdated',
  'leftover.namespace-off',
  'mistake.namespace-mislabelled',
  'mistake.unknown-annotation',
] as const;

/** The namespaces of two teams: most mistakes are in the first one. */
export const TEAMS = { shop: 'shop', bank: 'bank' } as const;

const PROFILE = 'jennifer-dotnet';

/**
 * Fills a cluster with twelve mistakes that people make, and with pods without any. There need be no kubelet: what it would say of the containers is
 * written by this. The server is installed last, since it does not answer, and each pod would wait for it.
 */
export async function makeTwelveMistakes(client: Client): Promise<void> {
  await client.createNamespace('shop', optedIn());
  await client.createNamespace('bank', optedIn());
  await client.createNamespace('attic', { labels: {} });
  await client.createNamespace('typo', { labels: { 'agent-injector.io/injektion': 'enabled' } });
  for (const namespace of ['shop', 'bank', 'attic']) await client.create(claimIn(namespace));
  await failingPods(client);
  await carryingPods(client);
  // The circuit breaker is about the profile of the others.
  const java = ours({ profile: 'opentelemetry-java', 'otlp-endpoint': 'http://collector:4318' });
  await client.create(podOf('bank', 'plain', { annotations: java }));
  await client.create(podOf('bank', 'unknown', { annotations: ours({ profile: 'jenifer-dotnet' }) }));
  await client.create(podOf('bank', 'unset', { annotations: ours({ profile: 'scouter-java' }) }));
  await client.create(podOf('bank', 'misspelled', { annotations: ours({ inject: 'false', contaners: 'app' }) }));
  await refusedDeployment(client);
  for (const object of await trusted(installManifests)) await client.create(object);
  await openBreaker(client);
}

/** With a caBundle, as the server would have written it, and without its empty Secret: that it does not run is mistake enough. */
async function trusted(objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
  const term = { at: new Date(), lifetime: 30 * DAY };
  const { cert } = await issueAuthority('test CA', ['agent-injector.agent-injector.svc'], term);
  const caBundle = Buffer.from(cert).toString('base64');
  const installed = objects.filter(({ kind }) => kind !== 'Secret');
  return installed.map((object) => {
    if (object.kind !== 'MutatingWebhookConfiguration') return object;
    const entries = objectsIn(object as JsonObject, 'webhooks');
    const webhooks = entries.map((one) => ({ ...one, clientConfig: { ...objectIn(one, 'clientConfig'), caBundle } }));
    return { ...object, webhooks };
  });
}

async function failingPods(client: Client): Promise<void> {
  await createRunning(client, carrying('shop', 'crashing'), {
    restartCount: 5,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt: new Date().toISOString() } },
  });
  await createRunning(client, carrying('shop', 'pulling'), {
    restartCount: 0,
    state: { waiting: { reason: 'ImagePullBackOff' } },
  });
}

async function carryingPods(client: Client): Promise<void> {
  const running = { restartCount: 0, state: { running: { startedAt: new Date().toISOString() } } };
  await createRunning(client, carrying('shop', 'fine'), running);
  await createRunning(client, carrying('shop', 'held'), running);
  const old = carrying('shop', 'old');
  const status = String(old.metadata?.annotations?.['agent-injector.io/status']);
  const annotations = {
    ...old.metadata?.annotations,
    'agent-injector.io/status': status.replace(hashNow(), '01234567'),
  };
  await createRunning(client, { ...old, metadata: { ...old.metadata, annotations } }, running);
  await createRunning(client, carrying('attic', 'forgotten'), running);
}

function hashNow(): string {
  const profile = builtInCatalogue().profiles.get(PROFILE);
  if (!profile) throw new Error(`no profile ${PROFILE}`);
  return profileHash(profile);
}

/** A pod as the server would have left it. */
export function carrying(namespace: string, name: string): Pod {
  const decoded = decodePod(podOf(namespace, name, { annotations: ours({ profile: PROFILE }) }) as never);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.error));
  // Each has a domain of its own, as the vendor wants it.
  const domain = String(1000 + namespace.length + (namespace.codePointAt(0) ?? 0));
  const within = { name: namespace, ...optedIn({ 'domain-id': domain }) };
  const { pod, decision } = admit(decoded.value, within, builtInCatalogue(), unknownCluster);
  if (decision.outcome !== 'injected') throw new Error(`not injected: ${JSON.stringify(decision)}`);
  return { apiVersion: 'v1', kind: 'Pod', ...pod } as unknown as Pod;
}

/** Creates a pod, and says of its container what a kubelet would. */
export async function createRunning(client: Client, pod: Pod, app: Record<string, unknown>): Promise<void> {
  await client.create(pod);
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const image = { image: 'registry.example.com/app:1', imageID: '', ready: false };
  const status = { phase: 'Running', containerStatuses: [{ name: 'app', ...image, ...app }] };
  await client.patch({ kind: 'Pod', namespace, name }, { status }, { subresource: 'status' });
}

/** Its pods are more than the quota allows: 0 of 1 exist. */
async function refusedDeployment(client: Client): Promise<void> {
  const metadata = { name: 'refused', namespace: 'shop' };
  await client.create({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'few', namespace: 'shop' },
    spec: { hard: { 'count/pods': '5' } },
  });
  await waitFor('the quota to be counted', async () => {
    const quota = await client.get<{ status?: { used?: Record<string, string> } }>({
      kind: 'ResourceQuota',
      namespace: 'shop',
      name: 'few',
    });
    return quota.status?.used?.['count/pods'] === '5' || undefined;
  });
  await client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'refused' } },
      template: { metadata: { labels: { app: 'refused' } }, spec: { containers: [container('app')] } },
    },
  });
  await waitFor('the pods to be refused', async () => {
    const sets = await client.list<{ status?: { conditions?: readonly { type: string }[] } }>({
      kind: 'ReplicaSet',
      namespace: 'shop',
    });
    return sets.some(({ status }) => status?.conditions?.some(({ type }) => type === 'ReplicaFailure')) || undefined;
  });
}

async function openBreaker(client: Client): Promise<void> {
  const breaker: Breaker = {
    namespace: '',
    workload: '',
    shown: '',
    profiles: { [PROFILE]: hashNow() },
    phase: 'open',
    why: '4 of 5 pods of 3 workloads fail',
    since: Date.now() - 60_000,
    until: Date.now() + 3_600_000,
    cooldownMs: 3_600_000,
    stops: true,
  };
  const name = 'agent-injector-breaker';
  const at = { kind: 'ConfigMap', namespace: 'agent-injector', name: 'agent-injector' };
  const { data } = await client.get<{ data: Record<string, string> }>(at);
  const text = `${data['agent-injector.yaml'] ?? ''}\nbreaker: agent-injector/${name}\n`;
  await client.patch(at, { data: { 'agent-injector.yaml': text } });
  await client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'agent-injector' },
    data: { [breakerKey(breaker)]: JSON.stringify(breaker) },
  });
}
