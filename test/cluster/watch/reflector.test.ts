import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../../src/cluster/client/types.ts';
import { Reflector, type ReflectorOptions } from '../../../src/cluster/watch/reflector.ts';
import { defaultTiming } from '../../../src/cluster/watch/timing.ts';
import { keyOf } from '../../../src/cluster/watch/watch-event.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi, html, json, namespaceObject, never, reset } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const { silenceMs, watchSeconds, pageTimeoutMs, requestCostMs } = defaultTiming;

let api: FaultyApi;
let log: RecordingLogger;
let reflector: Reflector<string>;
let clock: ManualClock;

async function reflect(options: Partial<ReflectorOptions<string>> = {}): Promise<void> {
  reflector = new Reflector<string>({
    client: await api.client(clock),
    path: '/api/v1/namespaces',
    metadataOnly: true,
    transform: (object) => JSON.stringify(object['metadata']),
    createStore: () => new Map<string, string>(),
    logger: log,
    clock,
    random: () => 0,
    ...options,
  }).start();
}

/** Waits for what needs no time, a periodic list included. */
const until = (assertion: () => void) =>
  eventually(() => {
    clock.advance(0);
    assertion();
  });
const knows = (key: string, text = '') => until(() => expect(reflector.get(key)).toContain(text));
const forgets = (key: string) => until(() => expect(reflector.get(key)).toBeUndefined());
const watches = () => until(() => expect(api.watching).toBe(1));
/** Waits for a failed cycle. From then on the back-off is the only timer. */
const fails = (times: number) => eventually(() => expect(reflector.status().restarts).toBe(times));
/** Waits for a failed cycle, then lets the back-off pass. */
async function retries(times = 1): Promise<void> {
  await fails(times);
  clock.advanceToNext();
}

const sends = (text: string) => () => api.send(text);
const closes = (how: (watcher: ServerResponse) => void) => () => api.closeWatches(how);
const event = (name: string, version: string) =>
  `${JSON.stringify({ type: 'ADDED', object: namespaceObject(name, {}, version) })}\n`;
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
  log = new RecordingLogger();
  clock = new ManualClock();
  await api.start();
});

afterEach(async () => {
  await reflector.stop();
  const requests = api.seen.length;
  await api.kill();
  clock.expectNoTimers();
  if (api.seen.length !== requests) throw new Error('a request after stop');
});

describe('with a healthy API server', () => {
  test('every page is read, then the watch starts where the list ended', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.put(name);
    expect(api.version).toBe(105);
    await reflect();
    await watches();
    expect(reflector.status()).toMatchObject({ synced: true, size: 5, restarts: 0, problem: undefined });
    expect(api.seen.map(({ kind }) => kind)).toEqual(['list', 'list', 'list', 'watch']);
    expect(api.seen[1]?.url.search).toBe('?limit=500&continue=2');
    expect(api.seen[0]?.accept).toMatch(/^application\/json;as=PartialObjectMetadataList;.*,application\/json$/);
    expect(api.seen[3]?.url.search).toBe('?watch=1&allowWatchBookmarks=true&timeoutSeconds=30&resourceVersion=105');
  });

  test('events are applied, and the next watch continues from the last bookmark', async () => {
    await reflect();
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
    clock.advance(watchSeconds * 1_000);
    expect(reflector.status().ageMs).toBe(watchSeconds * 1_000);

    api.version = 500;
    api.bookmark();
    await until(() => expect(reflector.status().ageMs).toBe(0));
    api.closeWatches((watcher) => watcher.end());
    await until(() => expect(api.count('watch')).toBe(2));
    expect(api.seen.at(-1)?.url.searchParams.get('resourceVersion')).toBe('500');
    expect(api.count('list')).toBe(1);
    expect(reflector.status().restarts).toBe(0);
  });

  test('a periodic list notices a deletion without an event', async () => {
    api.put('old');
    await reflect({ timing: { relistMs: silenceMs / 2 } });
    await watches();
    api.silently(() => api.remove('old'));
    clock.advance(silenceMs / 2);
    api.bookmark();
    await forgets('old');
    expect(api.count('list')).toBe(2);
    expect(reflector.status().restarts).toBe(0);
  });

  test('watches that end on time but send nothing lead to a list', async () => {
    api.put('shop', { color: 'red' });
    await reflect();
    await watches();
    api.silently(() => api.put('shop', { color: 'blue' }));
    clock.advance(watchSeconds * 1_000);
    api.closeWatches((watcher) => watcher.end());
    await until(() => expect(api.count('watch')).toBe(2));
    await watches();
    clock.advance(watchSeconds * 1_000);
    api.closeWatches((watcher) => watcher.end());
    await knows('shop', 'blue');
    expect(reflector.status().restarts).toBe(0);
  });

  test('a server without metadata-only responses is understood', async () => {
    const object = { ...namespaceObject('shop', { color: 'red' }), spec: { finalizers: ['kubernetes'] }, status: {} };
    api.faults.list = answers({ kind: 'NamespaceList', metadata: { resourceVersion: '7' }, items: [object] }, 200);
    await reflect();
    await watches();
    expect(reflector.get('shop')).toContain('red');
  });

  test('the key of a namespaced object has its namespace', () => {
    expect(keyOf({ metadata: { name: 'claim', namespace: 'shop' } })).toBe('shop/claim');
  });
});

describe('a watch never goes deaf', () => {
  test.each([
    ['half-open: the server stops sending', () => clock.advance(silenceMs)],
    [
      'bytes, but no line',
      () => {
        api.send(' ');
        clock.advance(silenceMs - 1);
        api.send(' ');
        clock.advance(1);
      },
    ],
    ['RST', closes((watcher) => watcher.socket?.resetAndDestroy())],
    ['FIN inside a chunk', closes((watcher) => watcher.socket?.destroy())],
    ['closed at once', closes((watcher) => watcher.end())],
    ['cut off inside a line', closes((watcher) => watcher.end('{"type":"ADDED","object"'))],
    ['a line that is not JSON', sends('{"type":"ADDED","object":\n')],
    ['HTML', sends('<html>\n')],
    ['410 as an ERROR event', sends('{"type":"ERROR","object":{"code":410,"message":"too old resource version"}}\n')],
    ['another ERROR event', sends('{"type":"ERROR","object":{"code":500,"message":"etcd is away"}}\n')],
    ['an unknown event', sends('{"type":"MOVED","object":{"metadata":{"name":"x","resourceVersion":"900"}}}\n')],
    ['an event without an object', sends('{"type":"ADDED"}\n')],
    ['an event without a name', sends('{"type":"ADDED","object":{"metadata":{"resourceVersion":"900"}}}\n')],
    ['an event without a version', sends('{"type":"ADDED","object":{"metadata":{"name":"x"}}}\n')],
    ['a version that goes backwards', sends('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"99"}}}\n')],
  ])('%s', async (_, fault) => {
    api.put('shop', { color: 'red' });
    api.put('gone');
    await reflect();
    await watches();
    api.silently(() => {
      api.put('shop', { color: 'blue' });
      api.remove('gone');
    });
    fault();
    await retries();
    await knows('shop', 'blue');
    await forgets('gone');
    expect(reflector.get('x')).toBeUndefined();
    expect(log.of('warn')).toHaveLength(1);
  });

  test('nothing after a broken line is applied', async () => {
    await reflect();
    await watches();
    api.faults.list = never;
    api.send(`${event('before', '200')}${event('backwards', '150')}${event('after', '300')}`);
    await knows('before');
    await retries();
    await eventually(() => expect(api.count('list')).toBe(2));
    expect(reflector.status()).toMatchObject({ size: 1, problem: expect.any(String) });
  });

  test('410 as the status of the watch', async () => {
    api.faults.watch = (_, response) => {
      delete api.faults.watch;
      json(response, { kind: 'Status', code: 410, reason: 'Expired' }, 410);
    };
    await reflect();
    await retries();
    await watches();
    expect(api.count('list')).toBe(2);
  });
});

describe('with a failing API server', () => {
  test.each([
    ['list', '500', answers({}, 500)],
    ['list', 'HTML with status 200', html],
    ['list', 'a Status with status 200', answers({ kind: 'Status' }, 200)],
    ['list', 'nameless items', answers({ metadata: { resourceVersion: '9' }, items: [{}] }, 200)],
    ['list', 'RST', reset],
    ['watch', '500', answers({}, 500)],
    ['watch', '410 every time', answers({}, 410)],
    ['watch', 'HTML with status 200', html],
    ['watch', 'closed at once', closeAtOnce],
    ['watch', 'one event, then RST', oneEvent],
  ] as const)('the %s answers %s: one request per second on average, and a recovery', async (kind, _, fault) => {
    api.put('shop');
    api.faults[kind] = fault;
    // The delays alone would allow far more requests.
    await reflect({ timing: { firstDelayMs: 1, maxDelayMs: 1 } });
    for (let failed = 1; failed <= 8; failed += 1) {
      await retries(failed);
      expect(clock.now()).toBeGreaterThanOrEqual(api.seen.length * requestCostMs);
    }
    expect(log.of('warn')).toHaveLength(1);
    await fails(9);
    delete api.faults[kind];
    clock.advanceToNext();
    await watches();
    await knows('shop');
  });

  test('the store stays while the server is down, and is right within two seconds of its return', async () => {
    api.put('shop', { color: 'red' });
    api.put('gone');
    await reflect();
    await watches();
    await api.kill();
    for (let failed = 1; failed <= 10; failed += 1) await retries(failed);
    await fails(11);
    expect(reflector.status().problem).toContain('ECONNREFUSED');
    expect(reflector.get('shop')).toContain('red');
    expect(reflector.status().synced).toBe(true);
    api.put('shop', { color: 'blue' });
    api.remove('gone');
    await api.start();
    clock.advance(2_000);
    await knows('shop', 'blue');
    await forgets('gone');
    await watches();
    api.put('shop', { color: 'green' });
    await knows('shop', 'green');
    await until(() => expect(log.messages.at(-1)).toMatch(/^info /));
  });

  test('a list that takes too long is aborted, even if bytes keep coming', async () => {
    api.put('shop');
    api.faults.list = never;
    await reflect();
    await eventually(() => expect(api.count('list')).toBe(1));
    clock.advance(pageTimeoutMs);
    let slow: ServerResponse | undefined;
    api.faults.list = (_, response) => {
      slow = response;
      response.writeHead(200).write('{');
    };
    await retries();
    await eventually(() => expect(slow).toBeDefined());
    clock.advance(pageTimeoutMs - 1);
    slow?.write('{');
    clock.advance(1);
    delete api.faults.list;
    await retries(2);
    await knows('shop');
    expect(api.count('list')).toBe(3);
  });

  test('an expired continue token restarts the list, and a partial list is never visible', async () => {
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
    await retries();
    await watches();
    expect(reflector.status().size).toBe(3);
  });

  test('pages that are too large become smaller', async () => {
    const body = Buffer.alloc(33 * 1024 * 1024, ' ');
    api.faults.list = (_, response) => {
      delete api.faults.list;
      response.writeHead(200);
      for (let part = 0; part < 8; part += 1) response.write(body);
      response.end();
    };
    await reflect();
    await retries();
    await watches();
    expect(api.seen.map(({ url }) => url.searchParams.get('limit'))).toEqual(['500', '100', null]);
  });

  test('a list without end is aborted', async () => {
    api.faults.list = answers({ metadata: { resourceVersion: '9', continue: 'more' }, items: [] }, 200);
    await reflect({ pageItems: 25_000 });
    await fails(1);
    expect(api.count('list')).toBe(20);
    expect(reflector.status().synced).toBe(false);
  });

  test.each(['list', 'watch'] as const)('it can be stopped during a %s', async (kind) => {
    api.faults[kind] = never;
    await reflect();
    await eventually(() => expect(api.count(kind)).toBe(1));
  });

  test('it can be stopped during the back-off', async () => {
    api.faults.list = answers({}, 500);
    await reflect();
    await fails(1);
  });

  test('it can be stopped between two requests', async () => {
    const client = await api.client(clock);
    const stopping: KubeClient = {
      ...client,
      getItems: async (path, options) => {
        const response = await client.getItems(path, options);
        void reflector.stop();
        return response;
      },
    };
    await reflect({ client: stopping });
    await eventually(() => expect(reflector.status().synced).toBe(true));
    await reflector.stop();
    expect(api.count('watch')).toBe(0);
  });
});
