import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditReport } from '../../src/diagnostics/audit.ts';
import { parameterClasses } from '../../src/profiles/tenancy/parameter-class.ts';
import type { Pod as CheckedPod } from '../../src/kubernetes/pod.ts';
import { type Attempt, type Mode, modes } from '../support/attempts/attempt.ts';
import { forbidden } from '../support/attempts/forbidden.ts';
import { attempts } from '../support/attempts/table.ts';
import { catalogue } from '../support/fixtures.ts';
import { type HostileClass, hostileClassesOf, MARK } from '../support/hostile-values.ts';
import { ours } from '../support/injected-cluster.ts';
import { container, podOf, recordOf, type Pod } from '../support/pod.ts';
import { run } from '../support/process.ts';
import { settingsFor } from '../support/sample-values.ts';
import { sensitivePositions } from '../support/sensitive-positions.ts';
import { waitFor, waitUntil } from '../support/wait-for.ts';
import { auditedCode, isEnding, observe, podFor, prefixed } from './attempt.ts';
import { startTenants, type Tenants, whenAllowed } from './tenants.ts';

// Two users with rights and tokens of their own try the tables of docs/security.md on a real API server, and every class of parameter of every
// built-in profile.

let tenants: Tenants;
beforeAll(async () => {
  tenants = await startTenants();
});
afterAll(() => tenants?.stop());

type Settings = Readonly<Record<string, string>>;

/** What the administrator sets on a namespace. */
const base: Settings = { 'server-address': 'jennifer.example.com', profile: 'jennifer-dotnet' };

/** The address is the cluster's there. */
const hostileBase: Settings = { profile: 'jennifer-dotnet' };

/** Creates a namespace in which plain pods get an agent. */
async function createNamespace(name: string, mode: Mode, annotations: Settings = base): Promise<void> {
  await tenants.createNamespace(name, mode, annotations);
  const path = `/api/v1/namespaces/${name}/pods`;
  await Promise.all([whenAllowed(tenants.users.pods, path), whenAllowed(tenants.users.namespace, path)]);
  const plain = (): Promise<string> => outcomeOf(podOf(name, 'plain'));
  await waitUntil(`an agent in ${name}`, plain, (outcome) => outcome === 'agent');
}

async function outcomeOf(pod: Pod): Promise<string> {
  return (await observe(tenants.admin, pod, { dryRun: true })).outcome;
}

/** Changes the Namespace object as the user who may. */
async function patchNamespace(name: string, annotations: object, labels: object = {}): Promise<void> {
  await tenants.users.namespace.patch({ kind: 'Namespace', name }, { metadata: { annotations, labels } });
}

describe.each(modes)('in namespaces with %s', (mode) => {
  test.each(attempts)('each attempt ends as the table of docs/security.md says: $id', async (attempt) => {
    const namespace = `${attempt.id}-${mode.replace('.', '-')}`;
    const given = Object.entries({ ...(mode === 'hostile' ? hostileBase : base), ...attempt.given });
    const annotations = given.flatMap(([key, value]) => (value === null ? [] : [[key, value]]));
    await createNamespace(namespace, mode, Object.fromEntries(annotations));
    const end = attempt.ends[mode];
    const create = () => observe(tenants.users[attempt.who], podFor(attempt, namespace), attempt);
    if (attempt.who === 'pods') {
      const observed = await create();
      expect(isEnding(end, observed, attempt), JSON.stringify({ end, observed })).toBe(true);
    } else {
      await patchNamespace(namespace, prefixed(attempt.sets ?? {}), prefixed(attempt.labels ?? {}));
      await waitUntil(`what ${attempt.id} ends with`, create, (observed) => isEnding(end, observed, attempt));
    }
    const code = auditedCode(end);
    if (code !== undefined) expect(auditedCodes(namespace)).toContain(code);
  });
});

/** The reasons that the API server has audited for pods in the namespace. */
function auditedCodes(namespace: string): readonly string[] {
  const ofPods = tenants.audit.of(namespace).filter(({ objectRef }) => objectRef.resource === 'pods');
  return ofPods.flatMap(({ annotations = {} }) =>
    Object.entries(annotations).flatMap(([key, value]) => (/\/(reason|notices)$/.test(key) ? value.split(',') : [])),
  );
}

test('no call of the webhook has failed, so that none of these pods is without its agent for that reason', async () => {
  const { body } = await tenants.admin.request('GET', '/metrics');
  expect([...String(body).matchAll(/^apiserver_admission_webhook_fail_open_count\{.*\} (\d+)$/gm)]).toEqual([]);
});

describe('RBAC forbids', () => {
  test('what the page says', async () => {
    const names = { own: 'rbac-own', other: 'rbac-other', pod: 'web' };
    await createNamespace(names.own, 'enabled');
    await tenants.admin.createNamespace(names.other);
    await tenants.admin.create(podOf(names.own, names.pod));
    for (const { who, what, method, path } of forbidden) {
      for (const user of who) {
        const { status, body } = await tenants.users[user].request(method, path(names), {}, contentType(method));
        expect({ user, what, status }).toEqual({ user, what, status: 403 });
        expect(JSON.stringify(body)).toContain('is forbidden: User');
      }
    }
  });
});

const contentType = (method: string): string =>
  method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';

describe.each([...catalogue.profiles.values()])('every class of parameter of $name', (profile) => {
  const annotations = { profile: profile.name, ...settingsFor(profile), 'claim-name': 'my-agent-file' };
  const classes = hostileClassesOf(profile);
  const isLocked = ({ name }: HostileClass): boolean =>
    'strict' in parameterClasses[name] && parameterClasses[name].strict !== undefined;

  /** True if text of the user decides what runs, what is mounted of the node, or which Secret is read. */
  // The API server has checked the pod.
  const decides = (pod: Pod): boolean => JSON.stringify(sensitivePositions(pod as CheckedPod)).includes(MARK);

  const create = async (user: Attempt['who'], namespace: string, settings: Settings = {}) => {
    const pod = podOf(namespace, 'try', { annotations: ours(settings) });
    return tenants.users[user].create<Pod>(pod, { dryRun: true });
  };

  test.each(['enabled', 'open'] as const)('in namespaces with %s', async (mode) => {
    const namespace = `${profile.name}-${mode}`;
    await createNamespace(namespace, mode, annotations);
    expect(classes.length).toBeGreaterThan(3);
    for (const one of classes) {
      const { object } = await create('pods', namespace, one.settings);
      // Of the built-in profiles, pods choose Secrets where nothing but the profile decides.
      expect(decides(object), `${one.name} on the pod`).toBe(mode === 'open' && one.name === 'secretName');
    }
    for (const one of classes) {
      // Reported on each pod once the server knows the change.
      const seen = `seen-${one.name.toLowerCase()}`;
      await patchNamespace(namespace, ours({ ...one.settings, [seen]: '' }));
      await waitUntil(
        `${one.name} of the Namespace`,
        () => create('namespace', namespace),
        ({ warnings }) => warnings.some((text) => text.includes(seen)),
      );
      // Not the pod with the warning: the API server may have called twice for it, the first time before the server knew the change.
      const { object } = await create('namespace', namespace);
      expect(decides(object), `${one.name} on the Namespace`).toBe(mode === 'open' && isLocked(one));
      if (one.name === 'address') expect(JSON.stringify(object)).toContain(MARK);
      const gone = Object.keys({ ...one.settings, [seen]: '' }).map((key) => [`agent-injector.io/${key}`, null]);
      await patchNamespace(namespace, { ...Object.fromEntries(gone), ...ours(annotations) });
    }
  });
});

describe('a forged record', () => {
  const status = async (namespace: string, annotations: Settings, labels: Settings = {}): Promise<unknown> => {
    const pod = podOf(namespace, `forged-${Math.random().toString(36).slice(2, 8)}`, {
      annotations,
      labels: ours(labels),
    });
    return recordOf((await tenants.users.pods.create<Pod>(pod)).object);
  };

  test('counts nowhere: it is replaced, or the audit finds it', async () => {
    await createNamespace('forged-enabled', 'enabled');
    await createNamespace('forged-required', 'required');
    const { object } = await tenants.users.pods.create<Pod>(podOf('forged-enabled', 'real'));
    const text = object.metadata?.annotations?.['agent-injector.io/status'] ?? '';
    expect(recordOf(object)).toMatchObject({ decision: 'injected' });
    const forged = ours({ status: text.replace('"web"', '"app"') });
    const without = (settings: Settings): Settings => ({ ...forged, ...ours(settings) });

    expect(await status('forged-enabled', without({ profile: 'none' }))).toMatchObject({ decision: 'skipped' });
    expect(await status('forged-required', without({ inject: 'false' }))).toMatchObject({ reason: 'opted-out' });
    const invented = ours({ status: '{"decision":"injected","containers":[{"container":"app","profile":"mine"}]}' });
    expect(await status('forged-enabled', invented)).toEqual(recordOf(object));
    // The API server does not call agent-injector for this one.
    expect(await status('forged-enabled', without({ inject: 'false' }))).toEqual(recordOf(object));

    const audited = async (namespace: string): Promise<AuditReport> => {
      const args = ['audit', '-n', namespace, '-o', 'json', '--kubeconfig', tenants.controlPlane.kubeconfigPath];
      return JSON.parse((await run(args)).stdout) as AuditReport;
    };
    const enabled = await audited('forged-enabled');
    expect(enabled).toMatchObject({ pods: 4, carrying: 2 });
    expect(enabled.findings.map(({ kind }) => kind)).toEqual(['record-unproven']);
    expect(await audited('forged-required')).toMatchObject({ pods: 1, carrying: 0 });
  });
});

describe('Events', () => {
  const BAD = 'urgent-your-cluster-is-compromised';

  test('are written for a controller that exists, and not for the name that a pod gives', async () => {
    const namespace = 'events';
    await createNamespace(namespace, 'enabled');
    const owner = (name: string, uid: string) => ({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      name,
      uid,
      controller: true,
    });
    const template = {
      metadata: { labels: { app: 'real' }, annotations: ours({ profile: BAD }) },
      spec: { containers: [container('app')] },
    };
    const real = { selector: { matchLabels: { app: 'real' } }, replicas: 0, serviceName: 'real', template };
    const set = await tenants.admin.create({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'real', namespace },
      spec: real,
    });
    const ownedBy = async (name: string, uid: string): Promise<void> => {
      const pod = podOf(namespace, `of-${Math.random().toString(36).slice(2, 8)}`, {
        annotations: ours({ profile: BAD }),
      });
      const metadata = { ...pod.metadata, ownerReferences: [owner(name, uid)] };
      await tenants.users.pods.create({ ...pod, metadata });
    };
    await ownedBy('payments-db', '00000000-0000-0000-0000-000000000000');
    await ownedBy('real', '00000000-0000-0000-0000-000000000000');
    await ownedBy('../../secrets/agent-injector-tls', '00000000-0000-0000-0000-000000000000');
    await ownedBy('real', set.object.metadata?.uid ?? '');
    const events = async () =>
      (
        await tenants.admin.list<{
          readonly involvedObject: { readonly name: string; readonly uid: string };
          readonly message: string;
          readonly source: { readonly component?: string };
        }>({ kind: 'Event', namespace })
      ).filter(({ source }) => source.component === 'agent-injector');
    // Events are written in order: that of the last pod shows that there is none of those before it.
    const found = await waitFor('an Event', async () => {
      const all = await events();
      return all.length > 0 && all;
    });
    expect(found.map(({ involvedObject }) => [involvedObject.name, involvedObject.uid])).toEqual([
      ['real', set.object.metadata?.uid],
    ]);
    expect(found[0]?.message).toContain(BAD);
  });
});
