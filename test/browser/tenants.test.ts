import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overview, PageError, Session } from '../../src/page/wire.ts';
import { auditLogIn, type AuditLog } from '../e2e/audit-log.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { freePort } from '../support/free-port.ts';
import { optedIn } from '../support/injected-cluster.ts';
import { claimIn, container, podsOf } from '../support/pod.ts';
import { startUi, type Ui } from './page.ts';
import { personIn, type Person } from './people.ts';

// Two users of a cluster, each with the right to read one namespace, and what the page shows them.

const NAMESPACES = ['shop', 'bank'] as const;
type Namespace = (typeof NAMESPACES)[number];

let dir: string;
let audit: AuditLog;
let controlPlane: ControlPlane;
const people = new Map<Namespace, Person>();
const pods = new Map<Namespace, string>();
const pages = new Map<Namespace, Ui>();
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-page-tenants-'));
  audit = auditLogIn(dir);
  controlPlane = await startControlPlane({ apiServerFlags: audit.flags });
  const { client } = controlPlane;
  for (const namespace of NAMESPACES) {
    await client.createNamespace(namespace, optedIn());
    await client.create(claimIn(namespace));
    await client.create(deploymentIn(namespace));
    const [pod] = await podsOf(client, { namespace, name: 'web' }, 1);
    pods.set(namespace, pod.metadata?.name ?? '');
    const person = await personIn(controlPlane, `dev-of-${namespace}`, [namespace]);
    people.set(namespace, person);
    pages.set(namespace, await startUi(['--kubeconfig', person.kubeconfigPath]));
  }
});
afterAll(async () => {
  for (const page of pages.values()) await page.stop();
  await controlPlane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const deploymentIn = (namespace: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container('app')] } },
  },
});

/** The addresses that answer with data of a namespace, and those without one. */
const addressesOf = (namespace: Namespace): readonly string[] => [
  `api/pods?namespace=${namespace}&workload=Deployment/web`,
  `api/pod?namespace=${namespace}&name=${pods.get(namespace)}`,
  `api/pod?namespace=${namespace}&workload=Deployment/web`,
];
const GENERAL = ['api/session', 'api/overview', 'api/profiles', 'api/try', 'api/now', 'api/changes'] as const;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** By hand, since fetch would not send another Host. */
function ask(base: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, base), { method, headers, agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const { statusCode: status = 0 } = response;
      json(response).then(
        (body) => resolve({ status, headers: response.headers, body }),
        () => resolve({ status, headers: response.headers, body: undefined }),
      );
    });
    sent.end();
  });
}

const of = <T>(map: ReadonlyMap<Namespace, T>, namespace: Namespace): T => {
  const found = map.get(namespace);
  if (found === undefined) throw new Error(`nothing of ${namespace}`);
  return found;
};

const cookies = new Map<Namespace, string>();

/** The cookie that the printed address gives, once. */
async function cookieOf(namespace: Namespace): Promise<Record<string, string>> {
  const { base, url } = of(pages, namespace);
  const known = cookies.get(namespace);
  if (known !== undefined) return { cookie: known };
  const { headers } = await ask(base, url);
  const [set = ''] = [headers['set-cookie'] ?? ''].flat();
  const [cookie = ''] = set.split(';');
  cookies.set(namespace, cookie);
  return { cookie };
}

describe.each(NAMESPACES)('the user of namespace %s', (own) => {
  const other = own === 'shop' ? 'bank' : 'shop';

  it('sees this namespace, and no other', async () => {
    const { base } = of(pages, own);
    const cookie = await cookieOf(own);
    const session = (await ask(base, 'api/session', cookie)).body as Session;
    expect(session).toMatchObject({ from: 'cluster', namespaces: [own] });
    const overview = (await ask(base, 'api/overview', cookie)).body as Overview;
    expect(overview.workloads).toMatchObject([{ namespace: own, workload: 'Deployment/web', pods: 1, injected: 0 }]);
    const affected = overview.needs.flatMap((need) => need.affected.map(({ namespace }) => namespace));
    expect(new Set(affected)).toEqual(new Set([own]));
    expect(JSON.stringify(overview)).not.toContain(other);
    for (const address of addressesOf(own)) expect((await ask(base, address, cookie)).status, address).toBe(200);
  });

  it('gets nothing of the other by its name', async () => {
    const { base } = of(pages, own);
    const cookie = await cookieOf(own);
    for (const address of addressesOf(other)) {
      const { status, body } = await ask(base, address, cookie);
      expect([403, 404], address).toContain(status);
      expect(JSON.stringify(body)).not.toContain('registry.example.com');
    }
    const { body } = await ask(base, 'api/try', cookie);
    expect(JSON.stringify(body)).not.toContain(other);
  });

  it('gets a cookie that no other site and no script can use, once', async () => {
    const page = await startUi(['--kubeconfig', of(people, own).kubeconfigPath]);
    try {
      const first = await ask(page.base, page.url);
      const [set = ''] = [first.headers['set-cookie'] ?? ''].flat();
      expect(set).toMatch(/;\s*HttpOnly/i);
      expect(set).toMatch(/;\s*SameSite=Strict/i);
      const second = await ask(page.base, page.url);
      expect(second.headers['set-cookie']).toBeUndefined();
      const [cookie = ''] = set.split(';');
      expect((await ask(page.base, 'api/session', { cookie })).status).toBe(200);
      const { base } = of(pages, own);
      expect((await ask(base, 'api/session', { cookie })).status).toBe(401);
    } finally {
      await page.stop();
    }
  });
});

/** Of the page in the cluster, which serves both users, with the rights of an administrator. */
describe('the page in the cluster', () => {
  let page: Ui;
  let name: string;
  beforeAll(async () => {
    const port = String(await freePort());
    name = `127.0.0.1:${port}`;
    page = await startUi(['--in-cluster', '--host', name, '--port', port, '--kubeconfig', controlPlane.kubeconfigPath]);
  });
  afterAll(() => page?.stop());
  const bearer = (namespace: Namespace) => ({ authorization: `Bearer ${of(people, namespace).token}` });

  it.each(NAMESPACES)('shows the user of namespace %s this one, and nothing of the other', async (own) => {
    const other = own === 'shop' ? 'bank' : 'shop';
    const session = (await ask(page.base, 'api/session', bearer(own))).body as Session;
    expect(session).toMatchObject({ user: of(people, own).user, namespaces: [own], hasMetrics: false });
    const overview = (await ask(page.base, 'api/overview', bearer(own))).body as Overview;
    expect(overview.workloads).toMatchObject([{ namespace: own, workload: 'Deployment/web', injected: 0 }]);
    for (const address of ['api/overview', 'api/profiles', 'api/try']) {
      const { status, body } = await ask(page.base, address, bearer(own));
      expect(status, address).toBe(200);
      expect(namespacesIn(body), address).not.toContain(other);
    }
    for (const address of addressesOf(own)) expect((await ask(page.base, address, bearer(own))).status).toBe(200);
    for (const address of addressesOf(other)) expect((await ask(page.base, address, bearer(own))).status).toBe(403);
    expect((await ask(page.base, 'api/now', bearer(own))).status).toBe(404);
  });

  it('gives data to no one without a token that the API server accepts', async () => {
    const [first] = await tokensOfNoUse();
    for (const authorization of ['', 'Bearer ', 'Bearer nonsense', `Basic ${of(people, 'shop').token}`, first])
      for (const address of [...GENERAL, ...addressesOf('shop')]) {
        const { status, body } = await ask(page.base, address, { authorization });
        expect(status, `${authorization} ${address}`).toBe(401);
        expect(body as PageError).toMatchObject({ error: { code: 'token-needed' } });
      }
  });

  it('answers under its own name only, and to no other site', async () => {
    for (const headers of [
      { host: 'page.example.com' },
      { host: name, origin: 'https://page.example.com' },
      { host: name, 'sec-fetch-site': 'cross-site' },
    ])
      for (const address of [...GENERAL, ...addressesOf('shop')])
        expect((await ask(page.base, address, { ...bearer('shop'), ...headers })).status).toBeGreaterThanOrEqual(400);
  });

  it('can be opened from the sign-in of a proxy, which is another site', async () => {
    const navigation = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask(page.base, '', navigation)).status).toBe(200);
  });

  /** A token of someone who is gone. */
  async function tokensOfNoUse(): Promise<readonly [string]> {
    const { client } = controlPlane;
    const gone = await personIn(controlPlane, 'gone', ['shop']);
    await client.delete({ kind: 'ServiceAccount', namespace: 'shop', name: 'gone' });
    return [`Bearer ${gone.token}`];
  }
});

/** The namespaces that an answer names anywhere. */
function namespacesIn(body: unknown): readonly string[] {
  const found: string[] = [];
  JSON.stringify(body, (key, value: unknown) => {
    if ((key === 'namespace' || key === 'name') && typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}

describe('a request', () => {
  const addresses = () => [...GENERAL, ...addressesOf('shop')];

  it('without the cookie gets no data', async () => {
    const { base } = of(pages, 'shop');
    for (const address of addresses()) {
      const { status, body } = await ask(base, address);
      expect(status, address).toBe(401);
      expect(body as PageError).toMatchObject({ error: { code: 'session-needed' } });
    }
  });

  it('with another Host, or from another site, is refused', async () => {
    const { base } = of(pages, 'shop');
    const { host, port, origin } = new URL(base);
    const cookie = await cookieOf('shop');
    expect((await ask(base, 'api/session', { ...cookie, host, origin })).status).toBe(200);
    const strange = [
      { host: `page.example.com:${port}` },
      { host: 'page.example.com' },
      { origin: 'https://page.example.com' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of strange)
      for (const address of ['', ...addresses()]) {
        // A link on another page may lead to ours, but not to its data.
        if ('sec-fetch-site' in headers && address === '') continue;
        const { status, headers: answered } = await ask(base, address, { ...cookie, ...headers });
        expect(status, `${JSON.stringify(headers)} ${address}`).toBeGreaterThanOrEqual(400);
        expect(answered['access-control-allow-origin']).toBeUndefined();
      }
  });

  it('that would write is refused, and the page writes nothing in the cluster', async () => {
    const { base } = of(pages, 'shop');
    const cookie = await cookieOf('shop');
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      for (const address of addresses())
        expect((await ask(base, address, cookie, method)).status, `${method} ${address}`).toBeGreaterThanOrEqual(400);
    for (const { user } of people.values()) {
      const written = audit.by(user).map(({ objectRef }) => objectRef.resource);
      expect(written.filter((resource) => !/^(self)?subject(access|rules)?reviews$/.test(resource))).toEqual([]);
    }
  });
});
