import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { breakerKey, breakerText } from '../../src/api/breaker.ts';
import type { NeedKind } from '../../src/page/wire.ts';
import type { Client } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { containerForms, type ContainerForm, secondsAgo } from '../support/kubelet-status.ts';
import { breakerCase } from '../support/observed.ts';
import { BREAKERS } from '../support/observer.ts';
import { claimIn, container, podOf, podsOf, recordOf, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';

// A cluster as it is after some months: most is well, and twelve teams have made a mistake, each in a namespace of its own.

interface Deployed {
  readonly name: string;
  readonly replicas?: number;
  /** Annotations of its pod template, without their prefix. */
  readonly template?: Readonly<Record<string, string>>;
  readonly env?: readonly object[];
}

interface Team {
  readonly namespace: string;
  readonly metadata?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly isClaimless?: true;
  readonly deployments: readonly Deployed[];
  /** What else happens to it, once its pods are there. */
  readonly afterwards?: (client: Client, team: Team) => Promise<void>;
  /** How many pods are created, if not all. */
  readonly pods?: number;
}

/** What the page must say first about a team. */
export interface Mistake extends Team {
  readonly kind: NeedKind;
  readonly code?: string;
}

const plain = optedIn();
const datadog = { name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' };

export const mistakes: readonly Mistake[] = [
  {
    namespace: 'payments',
    kind: 'breaker',
    code: 'breaker-open',
    deployments: [{ name: 'charge', replicas: 2 }],
    afterwards: openBreaker,
  },
  {
    namespace: 'search',
    kind: 'refused',
    deployments: [{ name: 'index' }],
    pods: 0,
  },
  {
    namespace: 'checkout',
    kind: 'failing',
    code: 'crashing',
    deployments: [{ name: 'basket', replicas: 2 }],
    afterwards: (client, team) => report(client, team, 'crashing'),
  },
  {
    namespace: 'catalog',
    kind: 'missing',
    metadata: { annotations: plain.annotations },
    deployments: [{ name: 'products', replicas: 3 }],
    afterwards: (client, { namespace }) => relabel(client, namespace, plain.labels),
  },
  { namespace: 'billing', kind: 'outdated', deployments: [{ name: 'invoices', replicas: 2 }], afterwards: age },
  {
    namespace: 'archive',
    kind: 'leftover',
    deployments: [{ name: 'importer' }],
    afterwards: async (client, team) => {
      await report(client, team, 'running');
      await relabel(client, team.namespace, { 'agent-injector.io/injection': null });
    },
  },
  {
    namespace: 'mobile',
    kind: 'mistake',
    code: 'namespace-mislabelled',
    metadata: { labels: ours({ injection: 'enable' }), annotations: plain.annotations },
    deployments: [{ name: 'api' }],
  },
  {
    namespace: 'reports',
    kind: 'missing',
    code: 'claim-unusable',
    isClaimless: true,
    deployments: [{ name: 'daily' }],
  },
  {
    namespace: 'identity',
    kind: 'mistake',
    code: 'unknown-annotation',
    deployments: [{ name: 'login', template: { 'domian-id': '3' } }],
    afterwards: (client, team) => report(client, team, 'running'),
  },
  {
    namespace: 'orders',
    kind: 'missing',
    code: 'unknown-profile',
    deployments: [{ name: 'intake', template: { profile: 'jenifer-dotnet' } }],
  },
  {
    namespace: 'gateway',
    kind: 'missing',
    code: 'foreign-profiler',
    deployments: [{ name: 'edge', replicas: 2, env: [datadog] }],
  },
  {
    namespace: 'loyalty',
    kind: 'missing',
    code: 'invalid-value',
    deployments: [{ name: 'points', template: { 'domain-id': '99999' } }],
  },
];

const well: readonly Team[] = [
  {
    namespace: 'shop',
    deployments: [{ name: 'web', replicas: 3 }, { name: 'api', replicas: 2 }, { name: 'worker' }],
    afterwards: (client, team) => report(client, team, 'running'),
  },
];

/** A cluster with an injector that its API server calls, all teams, and a configuration file that names the breakers. */
export interface TeamsCluster extends InjectedCluster {
  /** What `ui` is told to see it as an administrator does. */
  readonly uiArguments: readonly string[];
}

export async function startTeams(): Promise<TeamsCluster> {
  const cluster = await startInjectedCluster({ flags: { checks: 'claims', breaker: BREAKERS } });
  try {
    const { client, controlPlane } = cluster;
    await Promise.all([...mistakes, ...well].map((team, index) => settle(client, team, index)));
    const config = join(controlPlane.dir, 'agent-injector.yaml');
    writeFileSync(config, `breaker: ${BREAKERS}\n`);
    return { ...cluster, uiArguments: ['-A', '--kubeconfig', controlPlane.kubeconfigPath, '--config', config] };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function settle(client: Client, team: Team, index: number): Promise<void> {
  const { namespace, metadata = plain, isClaimless, deployments, pods, afterwards } = team;
  // An own domain each: a shared one would be a mistake of all.
  const annotations = { ...metadata.annotations, ...ours({ 'domain-id': String(1001 + index) }) };
  await client.createNamespace(namespace, { ...metadata, annotations });
  if (pods === 0) await client.create(quotaOfNone(namespace));
  if (!isClaimless) {
    await client.create(claimIn(namespace));
    if (metadata.labels?.['agent-injector.io/injection'] === 'enabled' && pods !== 0)
      await knowClaim(client, namespace);
  }
  for (const deployed of deployments) {
    await client.create(deploymentOf(namespace, deployed));
    await podsOf(client, { namespace, name: deployed.name }, pods ?? deployed.replicas ?? 1);
  }
  if (pods === 0) await refusedIn(client, namespace);
  await afterwards?.(client, team);
}

const deploymentOf = (namespace: string, { name, replicas = 1, template = {}, env }: Deployed) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, annotations: ours(template) },
      spec: { containers: [container('app', env && { env })] },
    },
  },
});

/** The injector learns of a claim after the API server has it. */
async function knowClaim(client: Client, namespace: string): Promise<void> {
  await waitFor(`the injector to know the claim of ${namespace}`, async () => {
    const { object } = await client.create<Pod>(podOf(namespace, 'probe'), { dryRun: true });
    return (recordOf(object) as { readonly decision?: string } | undefined)?.decision === 'injected';
  });
}

const quotaOfNone = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'compute', namespace },
  spec: { hard: { pods: '0' } },
});

/** Waits until the Deployment says that its pods are refused. */
async function refusedIn(client: Client, namespace: string): Promise<void> {
  interface Conditioned {
    readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
  }
  await waitFor(`the pods of ${namespace} to be refused`, async () => {
    const all = await client.list<Conditioned>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace });
    return all.some(({ status }) => status?.conditions?.some(({ type }) => type === 'ReplicaFailure'));
  });
}

async function podsIn(client: Client, { namespace }: Team): Promise<readonly Pod[]> {
  return client.list<Pod>({ kind: 'Pod', namespace });
}

/** Writes the status of each pod as a kubelet does. */
async function report(client: Client, team: Team, form: ContainerForm): Promise<void> {
  for (const { metadata } of await podsIn(client, team)) {
    const app = { name: 'app', image: 'x', imageID: 'x', ...containerForms[form]() };
    const status = { phase: 'Running', startTime: secondsAgo(600), containerStatuses: [app] };
    await client.patch(
      { kind: 'Pod', namespace: team.namespace, name: metadata?.name },
      { status },
      { subresource: 'status' },
    );
  }
}

async function relabel(client: Client, namespace: string, labels: object): Promise<void> {
  await client.patch({ kind: 'Namespace', name: namespace }, { metadata: { labels } });
}

/** As if the profile had changed since: the record names the version that it had then. */
async function age(client: Client, team: Team): Promise<void> {
  await report(client, team, 'running');
  for (const pod of await podsIn(client, team)) {
    const record = JSON.stringify(recordOf(pod)).replaceAll(/"hash":"[0-9a-f]+"/g, '"hash":"0123abcd"');
    const annotations = ours({ status: record });
    await client.patch(
      { kind: 'Pod', namespace: team.namespace, name: pod.metadata?.name },
      { metadata: { annotations } },
    );
  }
}

/** As the observer does when pods with the agent crash, and those without it run. */
async function openBreaker(client: Client, team: Team): Promise<void> {
  await report(client, team, 'crashing');
  const [pod] = await podsIn(client, team);
  const { containers } = recordOf(pod as Pod) as { readonly containers: readonly { profile: string; hash: string }[] };
  const profiles = Object.fromEntries(containers.map(({ profile, hash }) => [profile, hash]));
  const owners = (pod?.metadata?.['ownerReferences'] ?? []) as readonly { readonly name: string }[];
  const owner = owners[0]?.name ?? '';
  const breaker = breakerCase({
    namespace: team.namespace,
    workload: `ReplicaSet/${owner.replace(/-[^-]+$/, '')}`,
    shown: 'Deployment/charge',
    profiles,
    phase: 'open',
    stops: true,
  });
  const [namespace, name] = BREAKERS.split('/');
  await client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name } as { readonly namespace: string; readonly name: string },
    data: { [breakerKey(breaker)]: breakerText(breaker) },
  });
}
