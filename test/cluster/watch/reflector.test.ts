import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keyOf } from '../../../src/cluster/watch/watch-event.ts';
import { Reflector } from '../../../src/cluster/watch/reflector.ts';
import type { ReflectorTiming } from '../../../src/cluster/watch/timing.ts';
import { CountingClock } from '../../support/counting-clock.ts';
import { FaultyApi, html, json, namespaceObject, never, reset } from '../../support/faulty-api.ts';
import { Recorder } from '../../support/recording-logger.ts';

/** Everything a hundred times as fast as in earnest: a request costs 10 ms, so 100 a second are allowed. */
const fast: ReflectorTiming = {
  pageTimeoutMs: 150,
  watchSeconds: 30,
  silenceMs: 100,
  relistMs: 60_000,
  firstDelayMs: 2,
  maxDelayMs: 20,
  requestCostMs: 10,
};
const within = { timeout: 1_500, interval: 3 };

let api: FaultyApi;
let log: Recorder;
let reflector: Reflector<string>;
let clock: CountingClock;

async function reflect(timing: Partial<ReflectorTiming> = {}): Promise<void> {
  reflector = new Reflector<string>({
    cluster: await api.cluster(clock),
    path: '/api/v1/namespaces',
    metadataOnly: true,
    keep: (object) => JSON.stringify(object['metadata']),
    logger: log,
    timing: { ...fast, ...timing },
    clock,
    random: () => 0,
  }).start();
}

/** Fails the test unless the reflector comes to know it. */
const knows = (key: string, text = '') => vi.waitFor(() => expect(reflector.get(key)).toContain(text), within);
const forgets = (key: string) =>
  vi.waitFor(() => {
    expect(reflector.status().synced).toBe(true);
    expect(reflector.get(key)).toBeUndefined();
  }, within);
const watches = () => vi.waitFor(() => expect(api.watching).toBe(1), within);

const lines = (text: string) => () => api.send(text);
const event = (name: string, version: string) =>
  `${JSON.stringify({ type: 'ADDED', object: namespaceObject(name, {}, version) })}\n`;
const storm = (status: number) => (_: IncomingMessage, response: ServerResponse) => json(response, {}, status);
const closeAtOnce = (_: IncomingMessage, response: ServerResponse) => response.writeHead(200).end();
const oneEvent = (_: IncomingMessage, response: ServerResponse) => {
  api.version += 1;
  response.writeHead(200);
  response.write(
    `${JSON.stringify({ type: 'BOOKMARK', object: namespaceObject('', {}, String(api.version)) })}\n`,
    () => response.socket?.resetAndDestroy(),
  );
};

beforeEach(async () => {
  api = new FaultyApi();
  log = new Recorder();
  clock = new CountingClock();
  await api.start();
});

afterEach(async () => {
  await reflector.stop();
  const left = clock.open;
  const requests = api.seen.length;
  await api.kill();
  if (left !== 0) throw new Error(`${left} timers left after stop`);
  if (api.seen.length !== requests) throw new Error('a request after stop');
});

describe('when all is well', () => {
  test('every page is read, then the watch begins where the list ended', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.put(name);
    expect(api.version).toBe(105);
    await reflect();
    await watches();
    expect(reflector.status()).toMatchObject({ synced: true, size: 5, restarts: 0, trouble: undefined });
    expect(api.seen.map(({ kind }) => kind)).toEqual(['list', 'list', 'list', 'watch']);
    expect(api.seen[1]?.url.search).toBe('?limit=500&continue=2');
    expect(api.seen[0]?.accept).toMatch(/^application\/json;as=PartialObjectMetadataList;.*,application\/json$/);
    expect(api.seen[3]?.url.search).toBe('?watch=1&allowWatchBookmarks=true&timeoutSeconds=30&resourceVersion=105');
  });

  test('events are followed, and a bookmark moves the version on', async () => {
    await reflect({ silenceMs: 10_000 });
    await watches();
    api.put('shop', { color: 'red' });
    await knows('shop', 'red');
    api.put('shop', { color: 'blue' });
    await knows('shop', 'blue');
    api.put('__proto__');
    await knows('__proto__');
    api.remove('shop');
    await forgets('shop');
    expect(reflector.get('constructor')).toBeUndefined();
    expect(reflector.status().ageMs).toBeLessThan(1_000);

    api.version = 500;
    api.bookmark();
    // A second has passed: the server ends the watch in an orderly way, and the next goes on without a list.
    clock.aheadMs = 1_100;
    api.closeWatches((watcher) => watcher.end());
    await vi.waitFor(() => expect(api.count('watch')).toBe(2), within);
    expect(api.seen.at(-1)?.url.searchParams.get('resourceVersion')).toBe('500');
    expect(api.count('list')).toBe(1);
    expect(reflector.status().restarts).toBe(0);
  });

  test('a list replaces the set: a deletion that nobody announced is noticed', async () => {
    api.put('old');
    await reflect({ relistMs: 60_000, silenceMs: 10_000 });
    await knows('old');
    await watches();
    api.silently(() => api.remove('old'));
    clock.aheadMs = 60_000;
    api.bookmark();
    await forgets('old');
    expect(api.count('list')).toBe(2);
    expect(reflector.status().restarts).toBe(0);
  });

  test('watches that end on time but never say a thing are not believed for ever', async () => {
    api.put('shop', { color: 'red' });
    await reflect({ silenceMs: 10_000 });
    await watches();
    api.silently(() => api.put('shop', { color: 'blue' }));
    clock.aheadMs = 11_000;
    api.closeWatches((watcher) => watcher.end());
    await knows('shop', 'blue');
    expect(reflector.status().restarts).toBe(0);
  });

  test('a server that knows no metadata-only answers is understood', async () => {
    const object = { ...namespaceObject('shop', { color: 'red' }), spec: { finalizers: ['kubernetes'] }, status: {} };
    api.faults.list = (_, response) =>
      json(response, { kind: 'NamespaceList', metadata: { resourceVersion: '7' }, items: [object] });
    await reflect();
    await watches();
    expect(reflector.get('shop')).toContain('red');
  });

  test('what lives in a namespace is known by both names', () => {
    expect(keyOf({ metadata: { name: 'claim', namespace: 'shop' } })).toBe('shop/claim');
  });
});

describe('a watch never goes deaf', () => {
  test.each([
    ['half-open: the server stops sending', () => {}],
    ['a byte at a time', () => setInterval(() => api.send(' '), 5).unref()],
    ['RST', () => api.closeWatches((watcher) => watcher.socket?.resetAndDestroy())],
    ['FIN inside a chunk', () => api.closeWatches((watcher) => watcher.socket?.destroy())],
    ['closed at once', () => api.closeWatches((watcher) => watcher.end())],
    ['cut off inside a line', () => api.closeWatches((watcher) => watcher.end('{"type":"ADDED","object"'))],
    ['a line that is no JSON', lines('{"type":"ADDED","object":\n')],
    ['HTML', lines('<html>\n')],
    ['410 as an ERROR event', lines('{"type":"ERROR","object":{"code":410,"message":"too old resource version"}}\n')],
    ['another ERROR event', lines('{"type":"ERROR","object":{"code":500,"message":"etcd is away"}}\n')],
    ['an unknown event', lines('{"type":"MOVED","object":{"metadata":{"name":"x","resourceVersion":"900"}}}\n')],
    ['an event without an object', lines('{"type":"ADDED"}\n')],
    ['an event without a name', lines('{"type":"ADDED","object":{"metadata":{"resourceVersion":"900"}}}\n')],
    ['an event without a version', lines('{"type":"ADDED","object":{"metadata":{"name":"x"}}}\n')],
    ['a version that goes backwards', lines('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"99"}}}\n')],
  ])('%s', async (_, fault) => {
    api.put('shop', { color: 'red' });
    api.put('gone');
    await reflect();
    await watches();
    api.silently(() => {
      api.put('shop', { color: 'blue' });
      api.remove('gone');
    });
    const timer = fault();
    await knows('shop', 'blue');
    await forgets('gone');
    expect(reflector.get('x')).toBeUndefined();
    expect(reflector.status().restarts).toBeGreaterThan(0);
    expect(log.messages).toContainEqual(expect.stringMatching(/^warn watch interrupted: /));
    clearInterval(timer ?? undefined);
  });

  test('nothing after a broken line is believed', async () => {
    await reflect({ silenceMs: 10_000 });
    await watches();
    api.faults.list = never;
    api.send(`${event('before', '200')}${event('backwards', '150')}${event('after', '300')}`);
    await knows('before');
    await vi.waitFor(() => expect(api.count('list')).toBe(2), within);
    expect(reflector.status()).toMatchObject({ size: 1, trouble: expect.stringContaining('backwards') });
  });

  test('410 as the status of the watch', async () => {
    api.faults.watch = (_, response) => {
      delete api.faults.watch;
      json(response, { kind: 'Status', code: 410, reason: 'Expired' }, 410);
    };
    await reflect();
    await watches();
    expect(api.count('list')).toBe(2);
    expect(log.messages).toContain('warn watch interrupted: the resource version is too old to watch from (410)');
  });
});

describe('while failing', () => {
  test.each([
    ['list', '500', storm(500)],
    ['list', 'HTML with status 200', html],
    [
      'list',
      'a Status with status 200',
      (_: IncomingMessage, response: ServerResponse) => json(response, { kind: 'Status' }),
    ],
    [
      'list',
      'nameless items',
      (_: IncomingMessage, response: ServerResponse) =>
        json(response, { metadata: { resourceVersion: '9' }, items: [{}] }),
    ],
    ['list', 'RST', reset],
    ['watch', '500', storm(500)],
    ['watch', '410 every time', storm(410)],
    ['watch', 'HTML with status 200', html],
    ['watch', 'closed at once', closeAtOnce],
    ['watch', 'one event, then RST', oneEvent],
  ] as const)('the %s answers %s: requests keep to their price, and all is well afterwards', async (kind, _, fault) => {
    api.put('shop');
    api.faults[kind] = fault;
    // The delays alone would allow far more: the price is what holds.
    await reflect({ firstDelayMs: 0.1, maxDelayMs: 0.1, requestCostMs: 20 });
    await vi.waitFor(() => expect(api.seen.length).toBeGreaterThanOrEqual(10), within);
    const [first, last] = [api.seen[0]?.at ?? 0, api.seen.at(-1)?.at ?? 0];
    // The requests of the cycle that runs now are not yet paid.
    expect((api.seen.length - 2) * 20).toBeLessThanOrEqual(last - first + 5);
    expect(log.messages.filter((message) => message.startsWith('warn')).length).toBeLessThan(5);
    delete api.faults[kind];
    await watches();
    await knows('shop');
  });

  test('the set stays as it was while the server is down, and is right soon after it is back', async () => {
    api.put('shop', { color: 'red' });
    api.put('gone');
    await reflect();
    await watches();
    await api.kill();
    await vi.waitFor(() => expect(reflector.status().trouble).toMatch(/ECONNREFUSED/), within);
    expect(reflector.get('shop')).toContain('red');
    expect(reflector.status().synced).toBe(true);
    api.put('shop', { color: 'blue' });
    api.remove('gone');
    await api.start();
    const back = performance.now();
    await knows('shop', 'blue');
    // A hundred times as fast as in earnest: 2 s are 20 ms; the rest is for a busy machine.
    expect(performance.now() - back).toBeLessThan(200);
    await forgets('gone');
    await watches();
    api.put('shop', { color: 'green' });
    await knows('shop', 'green');
    expect(log.messages.at(-1)).toBe('info watching again');
  });

  test('a list that takes too long is given up; a byte at a time is too long', async () => {
    let tries = 0;
    api.put('shop');
    api.faults.list = (_, response) => {
      tries += 1;
      if (tries === 3) delete api.faults.list;
      if (tries === 1) return;
      response.writeHead(200);
      const timer = setInterval(() => response.write('{'), 10);
      response.on('close', () => {
        clearInterval(timer);
      });
    };
    await reflect({ pageTimeoutMs: 40 });
    await knows('shop');
    expect(tries).toBe(3);
  });

  test('a continue token that expired begins the list anew, and no half list is ever seen', async () => {
    for (const name of ['a', 'b', 'c']) api.put(name);
    api.faults.list = (request, response) => {
      const url = new URL(request.url ?? '', 'http://api');
      if (!url.searchParams.has('continue')) {
        api.normal('list', url, response);
        return;
      }
      delete api.faults.list;
      expect(reflector.status()).toMatchObject({ synced: false, size: 0 });
      json(response, { kind: 'Status', reason: 'Expired' }, 410);
    };
    await reflect();
    await watches();
    expect(reflector.status().size).toBe(3);
  });

  test('pages that are too large are asked for smaller', async () => {
    const body = Buffer.alloc(33 * 1024 * 1024, ' ');
    api.faults.list = (_, response) => {
      delete api.faults.list;
      response.writeHead(200).end(body);
    };
    await reflect({ pageTimeoutMs: 5_000 });
    await watches();
    expect(api.seen.map(({ url }) => url.searchParams.get('limit'))).toEqual(['500', '100', null]);
  });

  test('a list without end ends', async () => {
    const page = { metadata: { resourceVersion: '9', continue: 'more' }, items: [] };
    let pages = 0;
    api.faults.list = (_, response) => {
      pages += 1;
      json(response, page);
    };
    await reflect({ pageTimeoutMs: 5_000 });
    await vi.waitFor(() => expect(reflector.status().trouble).toMatch(/more than 1000 pages/), { timeout: 10_000 });
    expect(pages).toBe(1_000);
    expect(reflector.status().synced).toBe(false);
  });

  test.each([
    ['during a list', 'list', never],
    ['during a watch', 'watch', never],
    ['during a pause', 'list', storm(500)],
  ] as const)('it can be stopped %s', async (_, kind, fault) => {
    api.faults[kind] = fault;
    await reflect({ firstDelayMs: 60_000, maxDelayMs: 60_000, pageTimeoutMs: 60_000, silenceMs: 60_000 });
    await vi.waitFor(() => expect(api.count(kind)).toBe(1), within);
  });

  test('it can be stopped between two requests', async () => {
    const cluster = await api.cluster(clock);
    reflector = new Reflector<string>({
      cluster: {
        ...cluster,
        getJson: async (path, options) => {
          const answer = await cluster.getJson(path, options);
          void reflector.stop();
          return answer;
        },
      },
      path: '/api/v1/namespaces',
      metadataOnly: true,
      keep: () => '',
      logger: log,
      clock,
    }).start();
    await vi.waitFor(() => expect(reflector.status().synced).toBe(true), within);
    await reflector.stop();
    expect(api.count('watch')).toBe(0);
  });
});
