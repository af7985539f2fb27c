import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReasonKind, reasonTable } from '../../src/reasons/reason-table.ts';
import type { ReasonCode } from '../../src/reasons/reason.ts';
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
import { places, profiles, rows, type Place, type Row } from './reason-rows.ts';
import { waitFor } from '../support/wait-for.ts';
import { registerWebhook, webhookConfiguration } from './webhook.ts';
import { describedEvents } from './workload-events.ts';

// Every reason there is, provoked on a real API server and looked for wherever it is to be told. reason-rows.ts has a row for each.

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
    flags: { events: 'true', profiles: mounted.dir, checks: 'claims' },
  });
  ({ client, injector } = cluster);
  await registerOtherRules();
});
afterAll(async () => {
  await cluster?.stop();
  await mounted?.remove();
  rmSync(dir, { recursive: true, force: true });
});

const WIDE = 'wide';

/** A registration that asks about more than it should: about ConfigMaps, and about updates. */
async function registerOtherRules(): Promise<void> {
  const object = webhookConfiguration({ name: WIDE, url: injector.url, ca: injector.ca });
  const [entry] = object['webhooks'] as readonly object[];
  const core = { apiGroups: [''], apiVersions: ['v1'], scope: 'Namespaced' };
  const wide = [
    { ...core, operations: ['UPDATE'], resources: ['pods'] },
    { ...core, operations: ['CREATE'], resources: ['configmaps'] },
  ];
  await client.create({ ...object, webhooks: [{ ...entry, rules: wide, objectSelector: {} }] });
}

/** What a provocation left behind, for all places to be looked at. */
interface Scene {
  readonly namespace: string;
  readonly warnings: readonly string[];
  readonly pod?: Pod;
  readonly owner?: KubeObject;
  /** Where it was told by another process than the injector. */
  readonly log?: () => readonly string[];
  readonly metrics?: () => Promise<string>;
}

const look: { readonly [place in Place]: (code: ReasonCode, scene: Scene) => unknown } = {
  annotation: (code, { pod }) => JSON.stringify((pod && recordOf(pod)) ?? '').includes(`"reason":"${code}"`),
  warning: (code, { warnings }) => warnings.some((text) => text.length <= 120 && text.includes(` ${code}: `)),
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
      (line) => (line.includes(`"${namespace}"`) || line.includes('"namespace":""')) && saysCode(line, code),
    ),
  metric: async (code, { namespace, metrics }) => {
    const text = await (metrics?.() ?? injector.ask('/metrics').then((answer) => answer.text));
    return text.split('\n').some((line) => {
      const [, labels = '', value = '0'] = /^agent_injector_\w+_total\{(.*)\} (\d+)$/.exec(line) ?? [];
      if (Number(value) === 0) return false;
      const decision = line.startsWith('agent_injector_decisions_total') && labels.includes(`namespace="${namespace}"`);
      const elsewhere = /^agent_injector_(reviews|notices)_total/.test(line) && isUncounted(code);
      return (decision || elsewhere) && new RegExp(`(reason|code)="${code}"`).test(labels);
    });
  },
};

/** Notices are counted for all namespaces together, and so is what is asked about no pod, or about a namespace not known or not opted in. */
function isUncounted(code: ReasonCode): boolean {
  const { by } = rows[code];
  return reasonTable[code].kind === 'notice' || (by !== undefined && !['pod', 'defect'].includes(by));
}

function saysCode(line: string, code: ReasonCode): boolean {
  return line.includes(`"reason":"${code}"`) || new RegExp(`"(notices|skipped)":\\[[^\\]]*\\b${code}\\b`).test(line);
}

const silent: { readonly [kind in ReasonKind]: Readonly<Partial<Record<Place, string>>> } = {
  choice: { annotation: 'nobody asked', warning: 'nobody asked', event: 'nobody asked' },
  satisfied: { warning: 'all is well', event: 'all is well' },
  problem: {},
  failure: { annotation: 'the pod is left as it is' },
  notice: { annotation: 'the record says what was done' },
};

async function opened(
  code: ReasonCode,
  { settings = {}, labels = {} }: Row,
): Promise<{ namespace: string; owner: KubeObject }> {
  const namespace = `r-${code}`;
  const marks = optedIn(settings);
  await createNamespace(namespace, { ...marks, labels: { ...marks.labels, ...labels } });
  await namespaceIsSeen(namespace);
  const { object } = await client.create(deployment(namespace, 0));
  return { namespace, owner: object };
}

/** A namespace with the claim that the default profile's files are in: without it, that would be the reason. */
async function createNamespace(name: string, marks: Parameters<Client['createNamespace']>[1]): Promise<void> {
  await client.createNamespace(name, marks);
  await client.create(claimIn(name));
}

/** The server hears of a namespace by its watch, a little after the API server has it; a pod may come before that, and is looked up then. */
async function namespaceIsSeen(namespace: string): Promise<void> {
  await waitFor(`the injector to answer about ${namespace}`, async () => {
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

/** A pod as a controller makes it, but by our own hand, so that the warnings come to us. */
async function createOwned(namespace: string, owner: KubeObject, options: Row['pod']): Promise<Written<Pod>> {
  const pod = podOf(namespace, 'probe', options);
  const { name = '', uid = '' } = owner.metadata ?? {};
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }];
  return client.create<Pod>({ ...pod, metadata: { ...pod.metadata, ownerReferences } });
}

const asked = async (namespace: string, pod: Pod): Promise<Scene> => {
  const { warnings = [] } = await injector.review(namespace, pod);
  return { namespace, warnings };
};

type Provoke = (code: ReasonCode, row: Row) => Promise<Scene>;

const provoke: { readonly [way in NonNullable<Row['by']>]: Provoke } = {
  pod: async (code, row) => {
    const { namespace, owner } = await opened(code, row);
    const { object, warnings } = await createOwned(namespace, owner, row.pod);
    return { namespace, owner, warnings, pod: object };
  },
  direct: async (code, row) => {
    const { namespace } = await opened(code, row);
    return asked(namespace, { ...podOf(namespace, 'probe'), ...row.pod });
  },
  update: async (code, row) => {
    const { namespace, owner } = await opened(code, row);
    const { object } = await createOwned(namespace, owner, row.pod);
    const change = { metadata: { labels: { changed: 'yes' } } };
    const { warnings } = await waitFor('the API server to ask about an update', async () => {
      const written = await client.patch<Pod>({ kind: 'Pod', namespace, name: 'probe' }, change);
      return written.warnings.length > 0 && written;
    });
    return { namespace, owner, warnings, pod: object };
  },
  'config-map': async (code, row) => {
    const { namespace, owner } = await opened(code, row);
    const { warnings } = await waitFor('the API server to ask about a ConfigMap', async () => {
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
    await namespaceIsSeen(namespace);
    return asked(namespace, podOf(namespace, 'probe'));
  },
  nowhere: async (code) => asked(`r-${code}`, podOf('x', 'probe')),
  flood: async (code) => {
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, index) => asked(`r-${code}-${index}`, podOf('x', 'probe'))),
    );
    const refused = all.find(({ warnings }) => look.warning(code, { namespace: '', warnings }));
    if (!refused) throw new Error('all sixty were looked up');
    return refused;
  },
  overload: async (code, row) => {
    const { namespace } = await opened(code, row);
    // Each takes some milliseconds, and nobody is to wait for longer than a second.
    // And no two are alike, or the answer would be known.
    let number = 0;
    const pod = (): Pod => ({ ...podOf(namespace, 'probe', { annotations: { number: `${number++}` } }), ...row.pod });
    return waitFor('one of many dear pods at a time to be shed', async () => {
      const all = await Promise.all(Array.from({ length: 300 }, () => asked(namespace, pod())));
      return all.find(({ warnings }) => look.warning(code, { namespace, warnings }));
    });
  },
  defect: (code, row) => withDefect(code, row),
};

let defective: { server: TestServer; events: EventRecorder; remove: () => Promise<void> } | undefined;

/**
 * No profile that can be read makes a defect. So a second server, in this process, is given one that was spoilt after it was read, or a
 * catalogue that throws; the API server asks it after the first, which is told to leave the pod alone.
 */
async function withDefect(code: ReasonCode, row: Row): Promise<Scene> {
  const { namespace, owner } = await opened(code, { ...row, settings: { profile: 'none' } });
  const api = await loadClient({ kubeconfig: cluster.controlPlane.kubeconfigPath });
  if (!api) throw new Error('no cluster');
  const logger = { info: () => {}, warn: () => {}, error: () => {} };
  const events = createEventRecorder({ client: api, logger, misplacedKeys: () => [] });
  const server = await startServer({
    namespaces: [{ name: namespace, ...optedIn({ profile: 'jennifer-dotnet' }) }],
    catalogue: () => {
      if (code === 'internal-error') throw new Error('planted');
      return { ...catalogue, profiles: new Map([['jennifer-dotnet', spoilt()]]) };
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

/** It mounts its files twice at one place: no API server would take that, so it must not be sent. */
function spoilt(): Profile {
  const profile = catalogue.profiles.get('jennifer-dotnet');
  if (!profile) throw new Error('jennifer-dotnet is gone');
  return { ...profile, mounts: [...profile.mounts, ...profile.mounts] };
}

const provocable = Object.entries(rows) as readonly (readonly [ReasonCode, Row])[];

describe.each(provocable)('%s', (code, row) => {
  test('is told wherever it is to be told, and nowhere else', async () => {
    try {
      const scene = await provoke[row.by ?? 'pod'](code, row);
      const absent = { ...silent[reasonTable[code].kind], ...row.absent };
      for (const place of places) {
        if (absent[place] !== undefined) continue;
        await waitFor(`${code} in: ${place}; warnings: ${scene.warnings.join(' | ')}`, () => look[place](code, scene), {
          deadline: 10_000,
        });
      }
      for (const place of places) {
        if (absent[place] !== undefined)
          expect(await look[place](code, scene), `${place}: ${absent[place]}`).toBeFalsy();
      }
    } finally {
      await defective?.remove();
      await defective?.server.close();
      await defective?.events.stop();
      defective = undefined;
    }
  });
});

test('a Deployment is told once of all of its pods, and a dry run tells nobody', async () => {
  const namespace = 'many';
  await createNamespace(namespace, optedIn());
  const { object } = await client.create(deployment(namespace, 20));
  await podsOf(client, { namespace, name: 'web' }, 20);
  const events = await waitFor('an Event on the Deployment', async () => {
    const found = await describedEvents(client, object);
    return found.length > 0 && found;
  });
  expect(events.map(({ type, reason }) => [type, reason])).toEqual([['Normal', 'AgentInjected']]);
  expect(events[0]?.message).toMatch(/^injected jennifer-dotnet@[0-9a-f]{8} into app by persistentVolumeClaim$/);

  await client.createNamespace('tried', optedIn());
  const tried = podOf('tried', 'probe', { annotations: ours({ 'domain-id': '0' }) });
  await client.create(tried, { dryRun: true });
  const made = await client.create(podOf('tried', 'made', { annotations: ours({ 'domain-id': '0' }) }));
  const told = await waitFor('an Event on the pod that was made', async () => {
    const found = await client.list<KubeObject & { involvedObject: { name: string } }>({
      kind: 'Event',
      namespace: 'tried',
    });
    return found.length > 0 && found;
  });
  expect(told.map(({ involvedObject }) => involvedObject.name)).toEqual([made.object.metadata?.name]);
  const dry = audit.of('tried').find(({ objectRef }) => objectRef.name === 'probe');
  expect(dry?.annotations).toMatchObject({
    'agent-injector.agent-injector.io/decision': 'skipped',
    'agent-injector.agent-injector.io/reason': 'invalid-value',
    'agent-injector.agent-injector.io/containers': 'app=jennifer-dotnet:invalid-value',
  });
});

test('a label that is almost right is logged once and counted, and no more once it is mended', async () => {
  const namespace = 'almost';
  await client.createNamespace(namespace, { labels: ours({ injection: 'enable' }) });
  const mislabelled = async (): Promise<string | undefined> =>
    /^agent_injector_namespaces_mislabelled (\d+)$/m.exec((await injector.ask('/metrics')).text)?.[1];
  await waitFor('the injector to count it', async () => (await mislabelled()) === '1');
  await client.patch({ kind: 'Namespace', name: namespace }, { metadata: { annotations: { touched: 'yes' } } });
  await client.patch({ kind: 'Namespace', name: namespace }, { metadata: { labels: ours({ injection: 'enabled' }) } });
  await waitFor('the injector to count none', async () => (await mislabelled()) === '0');
  const lines = injector.lines().filter((line) => line.level === 'warn' && line['namespace'] === namespace);
  expect(lines.map(({ msg }) => msg)).toEqual([
    'pods are not injected: namespace almost has label agent-injector.io/injection="enable"; did you mean "agent-injector.io/injection=enabled"?',
  ]);
});
