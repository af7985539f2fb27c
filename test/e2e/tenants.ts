import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Attempt, Mode } from '../support/attempts/attempt.ts';
import { only, root } from '../support/chart.ts';
import { configurationOf, type ConfigurationValues } from '../support/chart-values.ts';
import { blocksIn } from '../support/markdown.ts';
import { Client, type KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { ours } from '../support/injected-cluster.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { claimIn } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { auditLogIn, type AuditLog } from './audit-log.ts';
import { installedConfiguration, installManifests, withoutOptOuts } from './installed-entries.ts';
import { tokenOf } from './installed-server.ts';

// The manifests of deploy/install.yaml on a real API server, four servers with the token and the rights of the installed ServiceAccount, and two
// users of the cluster with rights of their own.

interface ServerRow {
  /** Settings that differ from the installed configuration file. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly entries?: (entries: readonly JsonObject[]) => readonly JsonObject[];
}

/** The values for hostile tenants in docs/operations.md as the chart renders them, with one more profile, whose parameter names a Secret. */
function hostileSettings(): Readonly<Record<string, unknown>> {
  const blocks = blocksIn(readFileSync(join(root, 'docs/operations.md'), 'utf8'), 'yaml');
  const block = blocks.find((text) => text.startsWith('# values: hostile.yaml\n'));
  const values = parse(block ?? '') as ConfigurationValues & { readonly required: { readonly strict: boolean } };
  const allowedProfiles = [...(values.allowedProfiles ?? []), 'newrelic-java'];
  return { ...configurationOf({ ...values, allowedProfiles }), strictRequired: values.required.strict };
}

const servers = {
  installed: { settings: {} },
  strict: { settings: { strictRequired: true }, entries: withoutOptOuts },
  hostile: { settings: hostileSettings(), entries: withoutOptOuts },
  open: { settings: { tenancy: 'open' } },
} as const satisfies Readonly<Record<string, ServerRow>>;

type ServerName = keyof typeof servers;

/** The label of a namespace in each mode, and the server that is asked about its pods. */
const labelOf: { readonly [mode in Mode]: readonly [injection: 'enabled' | 'required', server: ServerName] } = {
  enabled: ['enabled', 'installed'],
  required: ['required', 'installed'],
  'required.strict': ['required', 'strict'],
  hostile: ['required', 'hostile'],
  open: ['enabled', 'open'],
};

/** Tells the webhook entries of the servers apart. */
const SERVER_LABEL = 'identities.example.com/server';

const PEOPLE = 'people';

const rights: { readonly [who in Attempt['who']]: readonly object[] } = {
  pods: [{ apiGroups: [''], resources: ['pods'], verbs: ['create', 'get', 'list', 'delete'] }],
  namespace: [
    { apiGroups: [''], resources: ['pods'], verbs: ['create', 'get', 'list', 'delete'] },
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'patch'] },
  ],
};

const RBAC = 'rbac.authorization.k8s.io';

export interface Tenants {
  readonly controlPlane: ControlPlane;
  readonly admin: Client;
  readonly users: { readonly [who in Attempt['who']]: Client };
  readonly audit: AuditLog;
  /** Creates a namespace in which both users have their rights, with two claims. Annotations are without their prefix. */
  readonly createNamespace: (name: string, mode: Mode, annotations: Readonly<Record<string, string>>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startTenants(): Promise<Tenants> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-tenants-'));
  const audit = auditLogIn(dir);
  const controlPlane = await startControlPlane({ apiServerFlags: audit.flags });
  const running = new Map<ServerName, Injector>();
  const stop = async (): Promise<void> => {
    for (const server of running.values()) await server.stop();
    await controlPlane.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const { client: admin } = controlPlane;
    for (const object of installManifests) {
      if (object.kind !== 'Deployment' && object.kind !== 'MutatingWebhookConfiguration') await admin.create(object);
    }
    const kubeconfigPath = await kubeconfigOf(controlPlane, dir);
    for (const [name, row] of Object.entries(servers) as [ServerName, ServerRow][]) {
      const config = join(dir, `${name}.yaml`);
      writeFileSync(config, stringify({ ...installedSettings(), ...row.settings }));
      // `checks` as in the file: the flag of other tests would override it.
      const server = await startInjector({
        kubeconfigPath,
        flags: { config, events: 'true', checks: 'claims,quotas' },
      });
      running.set(name, server);
      await server.ready();
      await register(admin, name, server);
    }
    const users = await createUsers(controlPlane);
    const tenants: Tenants = {
      controlPlane,
      admin,
      users,
      audit,
      createNamespace: (name, mode, annotations) => createNamespace(admin, { name, mode, annotations }),
      stop,
    };
    return tenants;
  } catch (error) {
    await stop();
    throw error;
  }
}

function installedSettings(): Readonly<Record<string, unknown>> {
  const { data } = only<{ readonly data: Readonly<Record<string, string>> }>(installManifests, 'ConfigMap');
  return parse(data['agent-injector.yaml'] ?? '') as Readonly<Record<string, unknown>>;
}

/** Writes a kubeconfig with the token of the installed ServiceAccount. */
async function kubeconfigOf({ client, url, dir }: ControlPlane, folder: string): Promise<string> {
  const path = join(folder, 'kubeconfig');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'e', cluster: { server: url, 'certificate-authority': join(dir, 'ca.crt') } }],
    users: [{ name: 'e', user: { token: await tokenOf(client, 'agent-injector') } }],
    contexts: [{ name: 'e', context: { cluster: 'e', user: 'e' } }],
    'current-context': 'e',
  };
  writeFileSync(path, stringify(kubeconfig), { mode: 0o600 });
  return path;
}

/** Installs the webhook entries for the namespaces of this server. */
async function register(admin: Client, name: ServerName, server: Injector): Promise<void> {
  const { entries = (all: readonly JsonObject[]) => all }: ServerRow = servers[name];
  const configuration = installedConfiguration(server, (all) =>
    entries(all).map((entry) => {
      const { matchExpressions = [] } = entry['namespaceSelector'] as { readonly matchExpressions?: readonly object[] };
      const own = { key: SERVER_LABEL, operator: 'In', values: [name] };
      return { ...entry, namespaceSelector: { matchExpressions: [...matchExpressions, own] } } as JsonObject;
    }),
  );
  const { metadata } = configuration;
  await admin.create({ ...configuration, metadata: { ...metadata, name: `agent-injector-${name}` } });
}

async function createUsers(controlPlane: ControlPlane): Promise<Tenants['users']> {
  const { client: admin, url, dir } = controlPlane;
  await admin.createNamespace(PEOPLE);
  const create = async (name: Attempt['who']): Promise<Client> => {
    await admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: PEOPLE } });
    await admin.create({
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name: `tenant-${name}` },
      rules: rights[name],
    });
    const token = await tokenOf(admin, name, PEOPLE);
    return new Client({ url, ca: readFileSync(join(dir, 'ca.crt'), 'utf8'), token });
  };
  return { pods: await create('pods'), namespace: await create('namespace') };
}

interface NewNamespace {
  readonly name: string;
  readonly mode: Mode;
  readonly annotations: Readonly<Record<string, string>>;
}

async function createNamespace(admin: Client, { name, mode, annotations }: NewNamespace): Promise<void> {
  const [injection, server] = labelOf[mode];
  const labels = {
    ...ours({ injection }),
    [SERVER_LABEL]: server,
    // So that Pod Security hides nothing that agent-injector would let through.
    'pod-security.kubernetes.io/enforce': 'privileged',
  };
  await admin.createNamespace(name, { labels, annotations: ours(annotations) });
  await Promise.all(
    (['pods', 'namespace'] as const).map((who) =>
      admin.create({
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata: { name: who, namespace: name },
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: `tenant-${who}` },
        subjects: [{ kind: 'ServiceAccount', name: who, namespace: PEOPLE }],
      }),
    ),
  );
  for (const claim of ['my-agent-file', 'evil-claim']) {
    const object: KubeObject = claimIn(name);
    await admin.create({ ...object, metadata: { ...object.metadata, name: claim } });
  }
}

/** Waits until the API server lets the user do this: it learns of a RoleBinding within milliseconds. */
export function whenAllowed(user: Client, path: string): Promise<true> {
  return waitFor(`the rights for ${path}`, async () => (await user.request('GET', path)).status !== 403);
}
