import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { deferred } from '../../src/lib/deferred.ts';
import { type Access, refused } from '../../src/page-server/access.ts';
import { LocalAccess } from '../../src/page-server/local-access.ts';
import { Refresher } from '../../src/page-server/refresher.ts';
import type { PageServer } from '../../src/page-server/server.ts';
import type { Now, Overview, PodList, Session } from '../../src/page/wire.ts';
import { eventually } from '../support/eventually.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openAccess, overviewCase, sourceCase, startPage } from '../support/page.ts';
import { ask, eventOf, openPage } from '../support/page-browser.ts';

const started: PageServer[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.close();
});

const page = async (options: Parameters<typeof startPage>[0] = {}): Promise<string> => {
  const { url, server } = await startPage(options);
  started.push(server);
  return url;
};

describe('every answer', () => {
  it.each(['', 'api/overview', 'api/nothing', 'nothing', '../etc/passwd'])('to %s has the headers', async (path) => {
    const { headers } = await ask(`${await page()}${path}`);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toMatch(/default-src 'self'/);
    expect(policy).toMatch(/frame-ancestors 'none'/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('requests of other sites', () => {
  it('are refused by the name of the host', async () => {
    const url = await page({ hosts: () => new Set(['127.0.0.1:1', 'localhost:1']) });
    for (const host of ['evil.example.com', '127.0.0.1:2', '127.0.0.1.evil.example.com:1', ''])
      expect((await ask(`${url}api/overview`, { headers: { host } })).status, host).toBe(421);
    expect((await ask(`${url}api/overview`, { headers: { host: 'LOCALHOST:1' } })).status).toBe(200);
  });

  it.each([
    { origin: 'https://evil.example.com' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('are refused by %o', async (headers) => {
    const { status, text } = await ask(`${await page()}api/overview`, { headers });
    expect(status).toBe(403);
    expect(text).not.toContain('needs');
  });

  it('are not those of the page itself', async () => {
    const url = await page();
    const headers = { origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' };
    expect((await ask(`${url}api/overview`, { headers })).status).toBe(200);
  });
});

describe('the address that is printed', () => {
  it('signs in once, and its cookie is only for the path of this server', async () => {
    const access = new LocalAccess('/secret/');
    const { query } = access;
    const url = await page({ base: '/secret/', access });
    expect((await ask(`${url}?token=`)).status).toBe(401);
    expect((await ask(`${url}?token=${'x'.repeat(43)}`)).status).toBe(401);
    const { cookie, get } = await openPage(`${url}${query}`);
    expect((await get('api/overview')).status).toBe(200);
    expect((await get('')).status).toBe(200);
    expect((await ask(`${url}${query}`)).status).toBe(401);
    expect((await ask(`${new URL(url).origin}/`, { headers: { cookie } })).status).toBe(404);
    for (const headers of [
      {},
      { cookie: `${cookie}x` },
      { cookie: 'agent-injector-page=' },
      { authorization: 'Bearer x' },
    ])
      expect((await ask(`${url}api/overview`, { headers })).status).toBe(401);
  });
});

describe('the data', () => {
  it('is cut down to the namespaces that the viewer sees', async () => {
    const url = await page({ access: openAccess('shop') });
    const overview = JSON.parse((await ask(`${url}api/overview`)).text) as Overview;
    expect(overview.needs.flatMap(({ affected }) => affected.map(({ namespace }) => namespace))).toEqual(['shop']);
    expect(overview.notes).toEqual([]);
    const session = JSON.parse((await ask(`${url}api/session`)).text) as Session;
    expect(session).toMatchObject({ namespaces: ['shop'], hasMetrics: false });
    expect((await ask(`${url}api/pods?namespace=bank&workload=Deployment/web`)).status).toBe(403);
    expect((await ask(`${url}api/pods?namespace=shop&workload=Deployment/web`)).status).toBe(200);
  });

  it.each([
    'pods?namespace=shop',
    'pods?namespace=../secrets&workload=Deployment/web',
    'pods?namespace=shop&workload=Deployment/../../x',
    'pod?namespace=shop&name=..%2F..%2Fsecrets%2Fx',
    'pod?namespace=shop&name=%3Fwatch',
    'pod?namespace=&name=web',
  ])('%s is refused: the names become paths', async (path) => {
    const read: string[] = [];
    const note = async (...names: readonly unknown[]): Promise<never> => {
      read.push(JSON.stringify(names));
      throw new Error('read');
    };
    const url = await page({ source: sourceCase({ pods: note, pod: note }) });
    expect((await ask(`${url}api/${path}`)).status).toBe(400);
    expect(read).toEqual([]);
  });

  it('keeps hostile text as JSON, and what fails is data', async () => {
    const evil = '</script><img src=x onerror=alert(1)>\u001b[2J\u202E"';
    const url = await page({ source: sourceCase({ overview: async () => overviewCase(evil) }) });
    const { headers, text } = await ask(`${url}api/overview`);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect((JSON.parse(text) as Overview).notes).toEqual([evil]);
    const failing = await page({ source: sourceCase({ overview: () => Promise.reject(new Error(evil)) }) });
    const failed = await ask(`${failing}api/overview`, { headers: { accept: 'text/html' } });
    expect(failed).toMatchObject({ status: 503, headers: { 'content-type': 'text/plain; charset=utf-8' } });
    const data = await ask(`${failing}api/overview`);
    expect(JSON.parse(data.text)).toEqual({ error: { code: 'unavailable', message: evil } });
  });

  it('is not sent again while it is the same, and is compressed', async () => {
    const url = await page({ source: sourceCase({ overview: async () => overviewCase('m'.repeat(2000)) }) });
    const first = await ask(`${url}api/overview`, { headers: { 'accept-encoding': 'gzip' } });
    expect(first.headers['content-encoding']).toBe('gzip');
    const again = await ask(`${url}api/overview`, { headers: { 'if-none-match': String(first.headers['etag']) } });
    expect(again).toMatchObject({ status: 304, text: '' });
  });

  it('that cannot be read is not read again for each who asks', async () => {
    let reads = 0;
    const overview = (): Promise<Overview> => {
      reads++;
      return Promise.reject(new Error('away'));
    };
    const clock = new ManualClock();
    const url = await page({ source: sourceCase({ overview }), clock });
    for (let index = 0; index < 5; index++) {
      const { status, text } = await ask(`${url}api/overview`);
      expect({ status, text }).toEqual({ status: 503, text: expect.stringContaining('away') });
    }
    expect(reads).toBe(1);
    clock.advance(60_000);
    await ask(`${url}api/overview`);
    expect(reads).toBe(2);
  });

  it('that the servers say is not read again for each who asks', async () => {
    let reads = 0;
    const now = async (): Promise<Now> => {
      reads++;
      return { at: '', decisions: [], latency: undefined, certificates: [], caches: [], replicas: 1 };
    };
    const url = await page({ source: sourceCase({ now }) });
    for (let index = 0; index < 5; index++)
      expect(JSON.parse((await ask(`${url}api/session`)).text)).toMatchObject({ hasMetrics: true });
    expect(reads).toBe(1);
  });

  it('is read once for all who ask at the same time', async () => {
    let reads = 0;
    const { promise, resolve } = deferred();
    const overview = async (): Promise<Overview> => {
      reads++;
      await promise;
      return overviewCase();
    };
    const url = await page({ source: sourceCase({ overview }) });
    const answers = Array.from({ length: 20 }, () => ask(`${url}api/overview`));
    resolve();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(reads).toBe(1);
  });
});

describe('limits', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is refused', async (method) => {
    const { status, headers } = await ask(`${await page()}api/overview`, { method });
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, HEAD' });
  });

  it('HEAD has no body', async () => {
    const url = await page();
    for (const path of ['', 'api/overview', 'api/nothing', 'api/changes'])
      expect((await ask(`${url}${path}`, { method: 'HEAD' })).text).toBe('');
  });

  it('refuses long headers', async () => {
    expect((await ask(await page(), { headers: { cookie: 'x'.repeat(40_000) } })).status).toBe(431);
  });

  it('refuses more readings at once than it can do, with an answer', async () => {
    const { promise, resolve } = deferred();
    let reads = 0;
    const pods = async (): Promise<PodList> => {
      reads++;
      await promise;
      return { pods: [] };
    };
    const url = await page({ source: sourceCase({ pods }) });
    const of = (index: number) => ask(`${url}api/pods?namespace=shop&workload=Deployment/web-${index}`);
    const answers = Array.from({ length: 8 }, (_, index) => of(index));
    await eventually(() => expect(reads).toBe(8));
    const more = await of(8);
    expect({ status: more.status, body: JSON.parse(more.text) }).toMatchObject({
      status: 503,
      body: { error: { code: 'busy' } },
    });
    resolve();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect((await of(8)).status).toBe(200);
  });

  it('does not let one viewer take all streams, and ends none because it is busy', async () => {
    let isBusy = false;
    const sight = async () => ({ isOfAll: true, namespaces: new Set<string>() });
    const access: Access = {
      areFilesOpen: true,
      admit: async ({ headers }) =>
        isBusy
          ? refused(503, 'busy', 'later')
          : { kind: 'viewer', viewer: { user: headers.authorization ?? 'me', sight } },
    };
    const clock = new ManualClock();
    const url = await page({ access, clock });
    let open = 0;
    let ended = 0;
    const listen = (): void => {
      let isNew = true;
      void eventOf(`${url}api/changes`, {}, (event) => {
        if (isNew && event.includes('event: overview')) open++;
        isNew = isNew && !event.includes('event: overview');
        return false;
      }).catch(() => ended++);
    };
    for (let index = 0; index < 16; index++) listen();
    await eventually(() => expect(open).toBe(16));
    expect((await ask(`${url}api/changes`)).status).toBe(503);
    await eventOf(`${url}api/changes`, { authorization: 'other' }, (event) => event.includes('overview'));
    isBusy = true;
    clock.advance(15_000);
    expect((await ask(`${url}api/changes`)).status).toBe(503);
    isBusy = false;
    expect((await ask(`${url}api/changes`)).status).toBe(503);
    expect(ended).toBe(0);
  });

  it('ends connections of those who do not read, and keeps one text for all who see the same', async () => {
    const { server } = await startPage();
    started.push(server);
    expect(server.http.timeout).toBeGreaterThan(15_000);
    expect(server.http.timeout).toBeLessThanOrEqual(120_000);
    const refresher = new Refresher(async () => overviewCase('m'.repeat(2000)), new ManualClock());
    const sight = { isOfAll: true, namespaces: new Set<string>() };
    const [one, other] = await Promise.all([refresher.renderedFor(sight), refresher.renderedFor({ ...sight })]);
    expect(one.plain).toBe(other.plain);
    expect(one.packed).toBe(other.packed);
    expect(gunzipSync(one.packed)).toEqual(one.plain);
  });

  it('tells as many pages of changes as it can, and ends them with itself', async () => {
    let viewers = 0;
    const sight = async () => ({ isOfAll: true, namespaces: new Set<string>() });
    const admit: Access['admit'] = async () => ({ kind: 'viewer', viewer: { user: `v${viewers++}`, sight } });
    const { url, server } = await startPage({ access: { areFilesOpen: true, admit } });
    const seen = new Set<number>();
    const note = (index: number) => (event: string) => {
      if (event.includes('event: overview')) seen.add(index);
      return false;
    };
    const streams = Array.from({ length: 64 }, (_, index) =>
      eventOf(`${url}api/changes`, {}, note(index)).catch(() => 'ended'),
    );
    await eventually(() => expect(seen.size).toBe(64));
    expect((await ask(`${url}api/changes`)).status).toBe(503);
    await server.close();
    expect(await Promise.all(streams)).toEqual(streams.map(() => 'ended'));
  });
});
