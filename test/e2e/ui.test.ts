import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import {
  NEED_KINDS,
  type Overview,
  type PodDetail,
  type PodList,
  type ProfileList,
  type Session,
} from '../../src/page/wire.ts';
import { render } from '../support/chart.ts';
import type { Client } from '../support/client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { podOf } from '../support/pod.ts';
import { type Started, start } from '../support/process.ts';
import { makeTwelveMistakes, TWELVE_MISTAKES } from '../support/twelve-mistakes.ts';
import { tokenOf } from './installed-server.ts';
import { ask, eventOf, type Opened, openPage, type PageAnswer, printedAddress } from '../support/page-browser.ts';

// The page of the built program, on a real API server with twelve mistakes. There is no kubelet.

let dir: string;
let controlPlane: ControlPlane;
let client: Client;
const running: Started[] = [];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-ui-'));
  controlPlane = await startControlPlane();
  client = controlPlane.client;
  await makeTwelveMistakes(client);
  for (const team of ['shop', 'bank']) await createTeam(team);
});
afterAll(async () => {
  for (const { child, ended } of running) {
    child.kill();
    await ended;
  }
  await controlPlane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function createTeam(namespace: string): Promise<void> {
  await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'dev', namespace } });
  await client.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'dev', namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name: 'dev', namespace }],
  });
}

/** What the chart gives the page, and nothing else. */
async function installPage(): Promise<void> {
  const objects = render('default', { args: ['--no-hooks', '--set', 'ui.enabled=true'] });
  const kinds: readonly (string | undefined)[] = [
    'ServiceAccount',
    'ClusterRole',
    'ClusterRoleBinding',
    'Role',
    'RoleBinding',
  ];
  const own = objects.filter(({ kind, metadata }) => kinds.includes(kind) && metadata?.name === 'agent-injector-ui');
  expect(new Set(own.map(({ kind }) => kind))).toEqual(new Set(kinds));
  for (const object of own) await client.create(object);
}

async function kubeconfigOf(namespace: string, name = 'dev'): Promise<string> {
  const file = join(dir, `kubeconfig-${namespace}-${name}`);
  const cluster = { server: controlPlane.url, 'certificate-authority': join(controlPlane.dir, 'ca.crt') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'dev', user: { token: await tokenOf(client, name, namespace) } }],
    contexts: [{ name: 'dev', context: { cluster: 'c', user: 'dev', namespace } }],
    'current-context': 'dev',
  };
  writeFileSync(file, stringify(config));
  return file;
}

const ui = async (...args: readonly string[]): Promise<{ readonly address: string; readonly started: Started }> => {
  const started = start(['ui', '--no-browser', ...args]);
  running.push(started);
  return { address: await printedAddress(started), started };
};

const asAdmin = async (): Promise<Opened> =>
  openPage((await ui('-A', '--kubeconfig', controlPlane.kubeconfigPath)).address);

/** The caller says what the address answers with. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- an assertion at each use would say no more
const bodyOf = <Body>({ status, text }: PageAnswer): Body => {
  expect(status, text).toBe(200);
  return JSON.parse(text) as Body;
};

describe('ui -A of an administrator', () => {
  let page: Opened;
  beforeAll(async () => {
    page = await asAdmin();
  });

  it('shows each of the twelve mistakes, with a fix, in the order of their kinds', async () => {
    const { needs } = bodyOf<Overview>(await page.get('api/overview'));
    expect(needs.map(({ id }) => id).toSorted()).toEqual([...TWELVE_MISTAKES].toSorted());
    const ranks = needs.map(({ kind }) => NEED_KINDS.indexOf(kind));
    expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
    const withoutHelp = needs.filter(({ affected }) =>
      affected.some(({ fix, hint }) => (fix ?? '') === '' && (hint ?? '') === ''),
    );
    expect(withoutHelp.map(({ id }) => id)).toEqual([]);
    const withoutCommand = needs.filter(({ affected }) => affected.every(({ fix }) => (fix ?? '') === ''));
    expect(withoutCommand.map(({ id }) => id)).toEqual([]);
  });

  it('says who looks at what', async () => {
    const session = bodyOf<Session>(await page.get('api/session'));
    expect(session).toMatchObject({ user: 'admin', from: 'cluster', place: controlPlane.url, hasMetrics: false });
    expect(session.namespaces).toEqual(expect.arrayContaining(['attic', 'bank', 'shop', 'typo']));
  });

  it('shows pods, before and after, profiles, and what a decision in the browser needs', async () => {
    const { pods } = bodyOf<PodList>(await page.get('api/pods?namespace=shop&workload=Pod/crashing'));
    expect(pods).toMatchObject([{ name: 'crashing', state: 'crashing' }]);
    const carrying = bodyOf<PodDetail>(await page.get('api/pod?namespace=shop&name=fine'));
    expect(carrying.after).toContain('CORECLR_PROFILER');
    expect(carrying.before).not.toContain('CORECLR_PROFILER');
    expect(carrying.record).toMatchObject({ decision: 'injected' });
    const workload = bodyOf<PodDetail>(await page.get('api/pod?namespace=shop&workload=Deployment/refused'));
    expect(workload).toMatchObject({ name: 'refused', workload: 'Deployment/refused' });
    const { profiles } = bodyOf<ProfileList>(await page.get('api/profiles'));
    expect(profiles.find(({ name }) => name === 'jennifer-dotnet')?.usedBy.length).toBeGreaterThan(3);
    expect(JSON.parse((await page.get('api/try')).text)).toMatchObject({ options: expect.anything() });
    expect((await page.get('api/now')).status).toBe(404);
    expect((await page.get('api/pod?namespace=shop&name=nothing')).status).toBe(404);
  });

  it('tells of a change', async () => {
    const { headers } = await page.get('api/overview');
    const told = eventOf(
      `${page.base}api/changes`,
      { cookie: page.cookie },
      (event) => event.includes('event: overview') && !event.includes(JSON.stringify(headers['etag']).slice(1, -1)),
    );
    await client.create(
      podOf('bank', 'new', { annotations: { 'agent-injector.io/inject': 'false', 'agent-injector.io/x': '' } }),
    );
    await told;
    expect((await page.get('api/overview', { headers: { 'if-none-match': String(headers['etag']) } })).status).toBe(
      200,
    );
    await client.delete({ kind: 'Pod', namespace: 'bank', name: 'new' });
  });

  it('writes nothing: each other method is refused', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      expect((await page.get('api/overview', { method })).status).toBe(405);
    }
  });
});

describe('the address that is printed', () => {
  it('works once, and gives a cookie that no script and no other site can use', async () => {
    const { address } = await ui('-n', 'shop', '--kubeconfig', controlPlane.kubeconfigPath);
    expect(new URL(address).hostname).toBe('127.0.0.1');
    expect((await ask(address, { method: 'HEAD' })).status).toBe(401);
    const first = await ask(address);
    expect(first.status).toBe(303);
    expect(first.headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect((await ask(address)).status).toBe(401);
    const base = new URL('.', address).href;
    for (const path of ['', 'api/session', 'api/overview', 'api/changes', 'api/pods?namespace=shop&workload=Pod/fine'])
      expect((await ask(`${base}${path}`)).status, path).toBe(401);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly on %s, with a page open', async (signal) => {
    const { address, started } = await ui('-n', 'shop', '--kubeconfig', controlPlane.kubeconfigPath);
    const { base, cookie } = await openPage(address);
    const closed = eventOf(`${base}api/changes`, { cookie }, () => false).catch((error: unknown) => error);
    await eventOf(`${base}api/changes`, { cookie }, (event) => event.includes('overview'));
    started.child.kill(signal);
    const { code, stderr } = await started.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await closed).toMatchObject({ message: expect.stringMatching(/the stream ended|ECONNRESET/) });
  });
});

/** Everything that the page says of a cluster, without what the built-in profiles say. */
async function textsOf(get: (path: string) => Promise<PageAnswer>): Promise<string> {
  const parts = ['api/session', 'api/overview', 'api/profiles', 'api/try'];
  const answers = await Promise.all(parts.map(get));
  return answers.map(({ text }) => text.replaceAll(/"(?:yaml|description|default)":"(?:[^"\\]|\\.)*"/g, '')).join('\n');
}

describe('two teams with the ClusterRole view of one namespace each', () => {
  const others = { shop: /bank|attic|typo|"plain"/, bank: /shop|attic|typo|crashing/ } as const;

  it.each(['shop', 'bank'] as const)('%s sees its own namespace with ui', async (team) => {
    const file = await kubeconfigOf(team);
    const page = await openPage((await ui('--kubeconfig', file)).address);
    expect(bodyOf<Session>(await page.get('api/session'))).toMatchObject({
      user: `system:serviceaccount:${team}:dev`,
      namespaces: [team],
    });
    expect(bodyOf<Overview>(await page.get('api/overview')).workloads.length).toBeGreaterThan(0);
    expect(await textsOf(page.get)).not.toMatch(others[team]);
    const other = team === 'shop' ? 'bank' : 'shop';
    expect((await page.get(`api/pods?namespace=${other}&workload=Pod/fine`)).status).toBe(403);
  });

  it('sees nothing with ui -A', async () => {
    const file = await kubeconfigOf('shop');
    const page = await openPage((await ui('-A', '--kubeconfig', file)).address);
    const { status, text } = await page.get('api/overview');
    expect(status).toBe(403);
    expect(text).toContain('forbidden');
  });

  it('see only their own in the cluster, and nothing without a token', async () => {
    await installPage();
    const { address } = await ui(
      '--in-cluster',
      '--kubeconfig',
      await kubeconfigOf('agent-injector', 'agent-injector-ui'),
    );
    const base = `http://127.0.0.1:${new URL(address).port}/`;
    const as = (token: string) => (path: string) =>
      ask(`${base}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const without = await ask(`${base}api/session`);
    expect({
      status: without.status,
      code: (JSON.parse(without.text) as { error: { code: string } }).error.code,
    }).toEqual({
      status: 401,
      code: 'token-needed',
    });
    expect((await as('wrong')('api/overview')).status).toBe(401);
    expect((await ask(base)).status).toBe(200);
    expect((await ask(`${base}livez`)).status).toBe(200);
    for (const team of ['shop', 'bank'] as const) {
      const get = as(await tokenOf(client, 'dev', team));
      expect(bodyOf<Session>(await get('api/session'))).toMatchObject({
        user: `system:serviceaccount:${team}:dev`,
        namespaces: [team],
        hasMetrics: false,
      });
      const { workloads, needs } = bodyOf<Overview>(await get('api/overview'));
      const seen = [...workloads, ...needs.flatMap(({ affected }) => affected)].map(({ namespace }) => namespace);
      expect([...new Set(seen)]).toEqual([team]);
      const other = team === 'shop' ? 'bank' : 'shop';
      expect((await get(`api/pods?namespace=${other}&workload=Pod/fine`)).status).toBe(403);
      expect((await get(`api/pod?namespace=${other}&name=plain`)).status).toBe(403);
      expect((await get('api/now')).status).toBe(404);
      expect(await textsOf(get)).not.toMatch(others[team]);
    }
    // Who may list no pods at all.
    const nobody = as(await tokenOf(client, 'default', 'default'));
    expect(bodyOf<Session>(await nobody('api/session')).namespaces).toEqual([]);
    for (const path of ['api/overview', 'api/profiles', 'api/try', 'api/changes'])
      expect((await nobody(path)).status, path).toBe(403);
    const { needs, notes } = bodyOf<Overview>(await as('admin-token-of-a-test')('api/overview'));
    expect({ ids: needs.map(({ id }) => id).toSorted(), notes }).toEqual({
      ids: [...TWELVE_MISTAKES].toSorted(),
      notes: [],
    });
  });
});
