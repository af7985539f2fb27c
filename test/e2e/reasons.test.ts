import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { breakerKey, breakerText } from '../../src/api/breaker.ts';
import type { ReasonKind } from '../../src/reasons/reason-kind.ts';
import { reasonTable } from '../../src/reasons/reason-table.ts';
import type { ReasonCode } from '../../src/reasons/reason.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { loadClient } from '../../src/cluster/client/client.ts';
import { type EventRecorder, createEventRecorder } from '../../src/cluster/events/recorder.ts';
import { catalogue } from '../support/fixtures.ts';
import { startServer, type TestServer } from '../support/webhook-server.ts';
import { mountedDirectory, type Mounted } from '../support/mounted-directory.ts';
import { auditLogIn, type AuditLog } from './audit-log.ts';
import type { Client, KubeObject, Written } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import type { Injector } from '../support/injector.ts';
import { claimIn, podOf, podsOf, recordOf, type Pod } from '../support/pod.ts';
import { breakerCase } from '../support/observed.ts';
import { imageFacts, places, profiles, rows, type Place, type Row } from './reason-rows.ts';
import { waitFor } from '../support/wait-for.ts';
import { registerWebhook, webhookConfiguration } from './webhook.ts';
import { describedEvents } from './workload-events.ts';

// Causes every reason on a real API server, and looks for it in every place where reasons are reported. See reason-rows.ts.

let dir: string;
let audit: AuditLog;
let mounted: Mounted;
let cluster: InjectedCluster;
let client: Client;
let injector: Injector;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-reasons-'));
  audit = auditLogIn(dir);
  mounted = await mountedDirectory(profiles);
  cluster = await startInjectedCluster({
    dir,
    apiServerFlags: audit.flags,
    flags: {
      events: 'true',
      profiles: mounted.dir,
      checks: 'claims',
      'settable-by': 'init-position=cluster|namespace',
      switch: SWITCH,
      breaker: BREAKERS,
      'image-facts': FACTS,
    },
  });
  ({ client, injector } = cluster);
  await registerWideRules();
  await client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name: 'agent-injector-image-facts' },
    data: { 'facts.json': JSON.stringify(imageFacts) },
  });
  await waitFor('the facts to be read', () =>
    injector.lines().some((line) => JSON.stringify(line).includes('facts about images have changed')),
  );
});
afterAll(async () => {
  await cluster?.stop();
  await mounted?.remove();
  rmSync(dir, { recursive: true, force: true });
});

const SWITCH = 'default/agent-injector-switch';

const FACTS = 'default/agent-injector-image-facts';

const BREAKERS = 'default/agent-injector-breaker';

const WIDE = 'wide';

/** Registers a webhook for more than it should be called for: ConfigMaps and updates. */
async function registerWideRules(): Promise<void> {
  const object = webhookConfiguration({ name: WIDE, url: injector.url, ca: injector.ca });
  const [entry] = object['webhooks'] as readonly object[];
  const core = { apiGroups: [''], apiVersions: ['v1'], scope: 'Namespaced' };
  const wide = [
    { ...core, operations: ['UPDATE'], resources: ['pods'] },
    { ...core, operations: ['CREATE'], resources: ['configmaps'] },
  ];
  await client.create({ ...object, webhooks: [{ ...entry, rules: wide, objectSelector: {} }] });
}

/** What is inspected after a reason was caused. */
interface Scene {
  readonly namespace: string;
  readonly warnings: readonly string[];
  readonly pod?: Pod;
  readonly owner?: KubeObject;
  /** Log and metrics, if another process than the injector has answered. */
  readonly log?: () => readonly string[];
  readonly metrics?: () => Promise<string>;
}

const isReported: { readonly [place in Place]: (code: ReasonCode, scene: Scene) => unknown } = {
  annotation: (code, { pod }) => JSON.stringify((pod && recordOf(pod)) ?? '').includes(`"reason":"${code}"`),
  warning: (code, { warnings }) => warnings.some((text) => text.length <= 256 && text.includes(` ${code}: `)),
  audit: (code, { namespace }) =>
    audit
      .of(namespace)
      .flatMap(({ annotations }) => Object.entries(annotations ?? {}))
      .filter(([key]) => /^[a-z-]+\.agent-injector\.io\/(reason|containers|notices)$/.test(key))
      .some(([, value]) => value.split(/[,:]/).includes(code)),
  event: async (code, { owner }) =>
    owner && (await describedEvents(client, owner)).some(({ message }) => message.startsWith(`${code}: `)),
  log: (code, { namespace, log }) =>
    (log?.() ?? injector.lines().map((line) => JSON.stringify(line))).some(
      (line) => (line.includes(`"${namespace}"`) || line.includes('"namespace":""')) && containsCode(line, code),
    ),
  metric: async (code, { namespace, metrics }) => {
    const text = await (metrics?.() ?? injector.ask('/metrics').then((answer) => answer.text));
    return text.split('\n').some((line) => {
      const [, labels = '', value = '0'] = /^agent_injector_\w+_total\{(.*)\} (\d+)$/.exec(line) ?? [];
      if (Number(value) === 0) return false;
      const decision = line.startsWith('agent_injector_decisions_total') && labels.includes(`namespace="${namespace}"`);
      const elsewhere = /^agent_injector_(reviews|notices)_total/.test(line) && isCountedGlobally(code);
      return (decision || elsewhere) && new RegExp(`(reason|code)="${code}"`).test(labels);
    });
  },
};

/** These are counted without a namespace: notices, and reviews of other objects and of namespaces that are unknown or not opted in. */
function isCountedGlobally(code: ReasonCode): boolean {
  const { by } = rows[code];
  return reasonTable[code].kind === 'notice' || (by !== undefined && !['pod', 'defect', 'breaker'].includes(by));
}

function containsCode(line: string, code: ReasonCode): boolean {
  return line.includes(`"reason":"${code}"`) || new RegExp(`"(notices|skipped)":\\[[^\\]]*\\b${code}\\b`).test(line);
}

const silent: { readonly [kind in ReasonKind]: Readonly<Partial<Record<Place, string>>> } = {
  choice: { annotation: 'not requested', warning: 'not requested', event: 'not requested' },
  exemption: { annotation: 'not requested', warning: 'not requested', event: 'not requested' },
  suspension: {},
  unverified: { warning: 'nothing to report', event: 'nothing to report' },
  satisfied: { warning: 'nothing to report', event: 'nothing to report' },
  problem: {},
  failure: { annotation: 'the pod is not changed' },
  notice: { annotation: 'the record has no notices' },
};

async function prepareNamespace(
  code: ReasonCode,
  { settings = {}, labels = {} }: Row,
): Promise<{ namespace: string; owner: KubeObject }> {
  const namespace = `r-${code}`;
  const metadata = optedIn(settings);
  await createNamespace(namespace, { ...metadata, labels: { ...metadata.labels, ...labels } });
  await waitForNamespace(namespace);
  const { object } = await client.create(deployment(namespace, 0));
  return { namespace, owner: object };
}

/** Creates a namespace with the claim of the default profile, which would otherwise be the reason. */
async function createNamespace(name: string, metadata: Parameters<Client['createNamespace']>[1]): Promise<void> {
  await client.createNamespace(name, metadata);
  await client.create(claimIn(name));
}

/** The watch sends a new namespace with a delay, and until then the namespace is requested by name. */
async function waitForNamespace(namespace: string): Promise<void> {
  await waitFor(`the injector to load ${namespace}`, async () => {
    const { warnings = [] } = await injector.review(namespace, podOf(namespace, 'ask'));
    return !warnings.some((text) => text.includes('namespace-un'));
  });
}

function deployment(namespace: string, replicas: number, annotations: Record<string, string> = {}): KubeObject {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: podOf(namespace, 'x').spec };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace, annotations },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}

/** Creates a pod as a controller does, so that its warnings are returned here. */
async function createOwned(namespace: string, owner: KubeObject, options: Row['pod']): Promise<Written<Pod>> {
  const pod = podOf(namespace, 'probe', options);
  const { name = '', uid = '' } = (await replicaSetOf(namespace, owner)).metadata ?? {};
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true }];
  return client.create<Pod>({ ...pod, metadata: { ...pod.metadata, ownerReferences } });
}

/** The ReplicaSet that the controller has made of a Deployment. */
function replicaSetOf(namespace: string, owner: KubeObject): Promise<KubeObject> {
  return waitFor(`the ReplicaSet of ${namespace}`, async () => {
    const found = await client.list({ kind: 'ReplicaSet', namespace });
    return found.find(({ metadata }) => JSON.stringify(metadata).includes(`"${owner.metadata?.uid ?? ''}"`));
  });
}

const reviewed = async (namespace: string, pod: Pod): Promise<Scene> => {
  const { warnings = [] } = await injector.review(namespace, pod);
  return { namespace, warnings };
};

type Provoke = (code: ReasonCode, row: Row) => Promise<Scene>;

const provoke: { readonly [way in NonNullable<Row['by']>]: Provoke } = {
  pod: async (code, row) => {
    const { namespace, owner } = await prepareNamespace(code, row);
    const { object, warnings } = await createOwned(namespace, owner, row.pod);
    return { namespace, owner, warnings, pod: object };
  },
  direct: async (code, row) => {
    const { namespace } = await prepareNamespace(code, row);
    return reviewed(namespace, { ...podOf(namespace, 'probe'), ...row.pod });
  },
  update: async (code, row) => {
    const { namespace, owner } = await prepareNamespace(code, row);
    const { object } = await createOwned(namespace, owner, row.pod);
    const change = { metadata: { labels: { changed: 'yes' } } };
    const { warnings } = await waitFor('a review of an update', async () => {
      const written = await client.patch<Pod>({ kind: 'Pod', namespace, name: 'probe' }, change);
      return written.warnings.length > 0 && written;
    });
    return { namespace, owner, warnings, pod: object };
  },
  'config-map': async (code, row) => {
    const { namespace, owner } = await prepareNamespace(code, row);
    const { warnings } = await waitFor('a review of a ConfigMap', async () => {
      const metadata = { generateName: 'probe-', namespace };
      const written = await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
      return written.warnings.length > 0 && written;
    });
    return { namespace, owner, warnings };
  },
  deployment: async (code, row) => {
    const namespace = `r-${code}`;
    await createNamespace(namespace, optedIn(row.settings));
    const { object } = await client.create(deployment(namespace, 1, ours({ 'domain-id': '7' })));
    const [pod] = await podsOf(client, { namespace, name: 'web' }, 1);
    return { namespace, owner: object, warnings: [], pod };
  },
  unlabelled: async (code) => {
    const namespace = `r-${code}`;
    await client.createNamespace(namespace);
    await waitForNamespace(namespace);
    return reviewed(namespace, podOf(namespace, 'probe'));
  },
  nowhere: async (code) => reviewed(`r-${code}`, podOf('x', 'probe')),
  flood: async (code) => {
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, index) => reviewed(`r-${code}-${index}`, podOf('x', 'probe'))),
    );
    const refused = all.find(({ warnings }) => isReported.warning(code, { namespace: '', warnings }));
    if (!refused) throw new Error('all 60 namespaces were requested');
    return refused;
  },
  overload: async (code, row) => {
    const { namespace } = await prepareNamespace(code, row);
    // Each decision takes some milliseconds, and the queueing time is limited to a second. Different pods, so that none is in the cache.
    let number = 0;
    const pod = (): Pod => ({ ...podOf(namespace, 'probe', { annotations: { number: `${number++}` } }), ...row.pod });
    return waitFor('one of many concurrent reviews to be shed', async () => {
      const all = await Promise.all(Array.from({ length: 300 }, () => reviewed(namespace, pod())));
      return all.find(({ warnings }) => isReported.warning(code, { namespace, warnings }));
    });
  },
  defect: (code, row) => withDefect(code, row),
  breaker: async (code, row) => {
    const { namespace, owner } = await prepareNamespace(code, row);
    await openBreaker(namespace, owner);
    const { object, warnings } = await createOwned(namespace, owner, row.pod);
    return { namespace, owner, warnings, pod: object };
  },
  rehearsal: async (code, row) => {
    const [namespace = '', name = ''] = SWITCH.split('/');
    const isMode = async (mode: string): Promise<boolean> =>
      (await injector.ask('/metrics')).text.includes(`agent_injector_injection_mode{mode="${mode}"} 1`);
    await client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data: { injection: code },
    });
    try {
      await waitFor('the injector to rehearse', () => isMode(code));
      return await provoke.pod(code, row);
    } finally {
      await client.delete({ kind: 'ConfigMap', namespace, name });
      await waitFor('the injector to inject again', () => isMode('on'));
    }
  },
};

/** Writes a breaker as the observer does, and waits until the injector knows of it. */
async function openBreaker(namespace: string, owner: KubeObject): Promise<void> {
  const [within = '', name = ''] = BREAKERS.split('/');
  const workload = `ReplicaSet/${(await replicaSetOf(namespace, owner)).metadata?.name ?? ''}`;
  const profile = catalogue.profiles.get('jennifer-dotnet');
  const about = { 'jennifer-dotnet': profile ? profileHash(profile) : '' };
  const breaker = breakerCase({
    namespace,
    workload,
    profiles: about,
    since: Date.now(),
    until: Date.now() + 3_600_000,
  });
  await client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: within },
    data: { [breakerKey(breaker)]: breakerText(breaker) },
  });
  const known = /^agent_injector_cache_objects\{resource="breakers"\} 1$/m;
  await waitFor('the injector to know the breaker', async () => known.test((await injector.ask('/metrics')).text));
}

let defective: { server: TestServer; events: EventRecorder; remove: () => Promise<void> } | undefined;

/**
 * No valid profile causes a defect. So the API server also calls a second server, in this process, whose profile is made invalid after parsing
 * or whose catalogue throws. The first server is configured to skip the pod.
 */
async function withDefect(code: ReasonCode, row: Row): Promise<Scene> {
  const { namespace, owner } = await prepareNamespace(code, { ...row, settings: { profile: 'none' } });
  const api = await loadClient({ kubeconfig: cluster.controlPlane.kubeconfigPath });
  if (!api) throw new Error('no cluster');
  const logger = { info: () => {}, warn: () => {}, error: () => {} };
  const events = createEventRecorder({ client: api, logger, misplacedKeys: () => [] });
  const server = await startServer({
    namespaces: [{ name: namespace, ...optedIn({ profile: 'jennifer-dotnet' }) }],
    catalogue: () => {
      if (code === 'internal-error') throw new Error('planted');
      return { ...catalogue, profiles: new Map([['jennifer-dotnet', invalidProfile()]]) };
    },
    onDecision: events.record,
  });
  const url = `https://127.0.0.1:${server.port}/mutate`;
  const { remove } = await registerWebhook(client, { name: `zz-${code}`, url, ca: server.ca });
  defective = { server, events, remove };
  const { object, warnings } = await createOwned(namespace, owner, row.pod);
  const log = (): readonly string[] => server.lines.map(({ fields }) => JSON.stringify(fields));
  return { namespace, owner, warnings, pod: object, log, metrics: () => server.metrics.render() };
}

/** A profile with two mounts at one path, which the API server refuses. */
function invalidProfile(): Profile {
  const profile = catalogue.profiles.get('jennifer-dotnet');
  if (!profile) throw new Error('no profile jennifer-dotnet');
  return { ...profile, mounts: [...profile.mounts, ...profile.mounts] };
}

const provocable = Object.entries(rows) as readonly (readonly [ReasonCode, Row])[];

describe.each(provocable)('%s', (code, row) => {
  test('is reported in every place where it belongs, and nowhere else', async () => {
    try {
      const scene = await provoke[row.by ?? 'pod'](code, row);
      const absent = { ...silent[reasonTable[code].kind], ...row.absent };
      for (const place of places) {
        if (absent[place] !== undefined) continue;
        await waitFor(
          `${code} in: ${place}; warnings: ${scene.warnings.join(' | ')}`,
          () => isReported[place](code, scene),
          {
            deadline: 10_000,
          },
        );
      }
      for (const place of places) {
        if (absent[place] !== undefined)
          expect(await isReported[place](code, scene), `${place}: ${absent[place]}`).toBeFalsy();
      }
    } finally {
      await defective?.remove();
      await defective?.server.close();
      await defective?.events.stop();
      defective = undefined;
    }
  });
});

test('a Deployment gets one Event for all of its pods, and a dry run causes no Event', async () => {
  const namespace = 'many';
  await createNamespace(namespace, optedIn());
  const { object } = await client.create(deployment(namespace, 20));
  await podsOf(client, { namespace, name: 'web' }, 20);
  const events = await waitFor('an Event on the Deployment', async () => {
    const found = await describedEvents(client, object);
    return found.length > 0 && found;
  });
  expect(
    events.map(({ type, reason }) => [type, reason]),
    events[0]?.message,
  ).toEqual([['Normal', 'AgentInjected']]);
  expect(events[0]?.message).toMatch(
    /^decided to inject jennifer-dotnet@[0-9a-f]{8} into app by persistentVolumeClaim$/,
  );

  await client.createNamespace('tried', optedIn());
  const tried = podOf('tried', 'probe', { annotations: ours({ 'domain-id': '0' }) });
  await client.create(tried, { dryRun: true });
  // Its creator sees the warnings, and whether it exists is not known yet.
  await client.create(podOf('tried', 'alone', { annotations: ours({ 'domain-id': '0' }) }));
  const { object: web } = await client.create(deployment('tried', 0));
  await createOwned('tried', web, { annotations: ours({ 'domain-id': '0' }) });
  await waitFor('an Event on the Deployment', async () => (await describedEvents(client, web)).length > 0);
  const found = await client.list<KubeObject & { involvedObject: { name: string }; source: { component: string } }>({
    kind: 'Event',
    namespace: 'tried',
  });
  const about = found.filter(({ source }) => source.component === 'agent-injector');
  expect(about.map(({ involvedObject }) => involvedObject.name)).toEqual(['web']);
  const dry = audit.of('tried').find(({ objectRef }) => objectRef.name === 'probe');
  expect(dry?.annotations).toMatchObject({
    'agent-injector.agent-injector.io/decision': 'skipped',
    'agent-injector.agent-injector.io/reason': 'invalid-value',
    'agent-injector.agent-injector.io/containers': 'app=jennifer-dotnet:invalid-value',
  });
});

test('a misspelled namespace label is logged once, and counted until it is fixed', async () => {
  const namespace = 'almost';
  await client.createNamespace(namespace, { labels: ours({ injection: 'enable' }) });
  const mislabelled = async (): Promise<string | undefined> =>
    /^agent_injector_namespaces_mislabelled (\d+)$/m.exec((await injector.ask('/metrics')).text)?.[1];
  await waitFor('the injector to count it', async () => (await mislabelled()) === '1');
  await client.patch({ kind: 'Namespace', name: namespace }, { metadata: { annotations: { touched: 'yes' } } });
  await client.patch({ kind: 'Namespace', name: namespace }, { metadata: { labels: ours({ injection: 'enabled' }) } });
  await waitFor('the injector to count none', async () => (await mislabelled()) === '0');
  const lines = injector.lines().filter((line) => line.level === 'warn' && line['namespace'] === namespace);
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('"agent-injector.io/injection=enabled"')]);
});

test('a review that is made up causes no Event, on whatever it says that it is about', async () => {
  const namespace = 'payments';
  await createNamespace(namespace, optedIn());
  await waitForNamespace(namespace);
  const { object: real } = await client.create(deployment(namespace, 0));
  const { name = '', uid = '' } = (await replicaSetOf(namespace, real)).metadata ?? {};
  const settings = ours({ profile: 'URGENT: cluster compromised' });
  const forged = [
    { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'payments-db', uid: '00000000-0000-0000-0000-000000000000' },
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: '00000000-0000-0000-0000-000000000000' },
    { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid },
    { apiVersion: 'example.com/v1', kind: 'Database', name, uid },
  ];
  for (const owner of forged) {
    const pod = podOf(namespace, 'made-up', { annotations: settings });
    await injector.review(namespace, {
      ...pod,
      metadata: { ...pod.metadata, ownerReferences: [{ ...owner, controller: true }] },
    });
  }
  await injector.review(namespace, podOf(namespace, 'made-up', { annotations: settings }));
  // An Event that is due comes after those that were asked for before it.
  await createOwned(namespace, real, { annotations: ours({ 'domain-id': '0' }) });
  await waitFor('an Event on the Deployment', async () => (await describedEvents(client, real)).length > 0);
  const events = await client.list<KubeObject & { message: string }>({ kind: 'Event', namespace });
  expect(events.filter(({ message }) => message.includes('URGENT'))).toEqual([]);
});
