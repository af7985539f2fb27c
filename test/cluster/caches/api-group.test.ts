import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiGroup } from '../../../src/cluster/caches/api-group.ts';
import { Targets } from '../../../src/cluster/caches/targets.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi, json } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { clusterTarget, target } from '../../support/targets.ts';

const GROUP = '/apis/agent-injector.io/v1alpha1';
const PACE_MS = 30_000;

let api: FaultyApi;
let clock: ManualClock;
let logger: RecordingLogger;
let targets: Targets;
let group: ApiGroup;
/** The plural names of the CRDs that are installed. */
let installed: string[];
let listed: Record<string, object[]>;

const versioned = (object: ReturnType<typeof target>, version: number): object => {
  const metadata = object['metadata'] as object;
  const uid = JSON.stringify(metadata);
  return { ...object, metadata: { ...metadata, uid, resourceVersion: String(version), generation: version } };
};

beforeEach(async () => {
  api = new FaultyApi();
  clock = new ManualClock();
  logger = new RecordingLogger();
  installed = [];
  listed = {};
  api.faults.get = (request, response) =>
    installed.length > 0 && request.url === GROUP
      ? json(response, { resources: installed.map((name) => ({ name })) })
      : answers({ kind: 'Status', reason: 'NotFound', code: 404 }, 404)(request, response);
  api.faults.list = (request, response) => {
    const plural = new URL(request.url ?? '', 'http://api').pathname.split('/').at(-1) ?? '';
    if (installed.includes(plural))
      json(response, { metadata: { resourceVersion: '100' }, items: listed[plural] ?? [] });
    else answers({ kind: 'Status', reason: 'NotFound', code: 404 }, 404)(request, response);
  };
  api.faults.watch = (request, response) => {
    const url = new URL(request.url ?? '', 'http://api');
    if (installed.includes(url.pathname.split('/').at(-1) ?? '')) api.normal('watch', url, response);
    else answers({ kind: 'Status', reason: 'NotFound', code: 404 }, 404)(request, response);
  };
  await api.start();
});

afterEach(async () => {
  await group.stop();
  await api.kill();
  clock.expectNoTimers();
});

async function start(): Promise<void> {
  const client = await api.client(clock);
  targets = new Targets(client, { logger, clock, random: () => 0 });
  group = new ApiGroup(client, Object.values(targets.resources), { logger, clock, paceMs: PACE_MS }).start();
  await group.whenTried();
}

const selectedIn = (namespace: string): readonly string[] =>
  (targets.of(namespace)?.all({}, { app: 'web' }) ?? []).map(({ name }) => name);

test('without CRDs there is one request now and then, and no line in the log', async () => {
  await start();
  expect(api.seen.map(({ url }) => url.pathname)).toEqual([GROUP]);
  clock.advance(PACE_MS - 1);
  expect(api.count('get')).toBe(1);
  clock.advance(1);
  await eventually(() => expect(api.count('get')).toBe(2));
  expect(api.count('list')).toBe(0);
  expect(logger.messages).toEqual([]);
  expect(selectedIn('shop')).toEqual([]);
});

test('CRDs that are installed later are found, and their objects count', async () => {
  await start();
  installed = ['agenttargets', 'clusteragenttargets', 'others'];
  listed['agenttargets'] = [versioned(target('t', { profile: 'p' }), 1)];
  listed['clusteragenttargets'] = [versioned(clusterTarget('c', { profile: 'p' }), 2)];
  clock.advance(PACE_MS);
  await eventually(() => expect(selectedIn('shop')).toEqual(['shop/t', 'c']));
  expect(selectedIn('blog')).toEqual(['c']);
  await eventually(() => expect(api.watching).toBe(2));
  const asked = api.count('get');
  clock.advance(PACE_MS);
  expect(api.count('get')).toBe(asked);
});

test('a generation that is not accepted leaves the last sound one in service, and a new object of the name starts anew', async () => {
  installed = ['agenttargets'];
  listed['agenttargets'] = [versioned(target('t', { profile: 'p' }), 1)];
  await start();
  await eventually(() => expect(api.watching).toBe(1));
  const known = targets.of('shop');
  api.send({ type: 'MODIFIED', object: versioned(target('t', { profil: 'p' }), 101) });
  await eventually(() => expect(targets.problems()).toHaveLength(2));
  expect(targets.of('shop')).toBe(known);
  api.send({ type: 'DELETED', object: versioned(target('t', { profil: 'p' }), 102) });
  await eventually(() => expect(selectedIn('shop')).toEqual([]));
  api.send({ type: 'ADDED', object: versioned(target('t', { profil: 'p' }, { created: 5 }), 103) });
  await eventually(() => expect(targets.resources.targets.objects().size).toBe(1));
  expect(selectedIn('shop')).toEqual([]);
});

test('a CRD that is uninstalled takes its objects with it, with one line in the log, once the API server has said so twice', async () => {
  installed = ['agenttargets', 'clusteragenttargets'];
  listed['agenttargets'] = [versioned(target('t', { profile: 'p' }), 1)];
  await start();
  await eventually(() => expect(api.watching).toBe(2));
  clock.advance(2000);
  installed = ['clusteragenttargets'];
  api.closeWatches((watcher) => watcher.end());
  await eventually(() =>
    expect(api.seen.filter(({ url }) => url.pathname === `${GROUP}/agenttargets`)).toHaveLength(3),
  );
  // It may be that the API server has just started, and does not know its CRDs yet.
  expect(selectedIn('shop')).toEqual(['shop/t']);
  await eventually(() => {
    clock.advance(500);
    expect(selectedIn('shop')).toEqual([]);
  });
  expect(logger.of('warn')).toHaveLength(1);
  expect(logger.of('error')).toEqual([]);
});

test('the targets of a namespace take so much memory at most, and those of others count all the same', async () => {
  installed = ['agenttargets'];
  const parameters = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`p${index}`, 'x'.repeat(4096)]));
  const large = (name: string): ReturnType<typeof target> =>
    target(name, { profile: 'p', parameters }, { namespace: 'bank' });
  listed['agenttargets'] = [
    ...['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) => versioned(large(name), index + 1)),
    versioned(target('t', { profile: 'p' }), 10),
  ];
  await start();
  await eventually(() => expect(api.watching).toBe(1));
  expect(selectedIn('bank')).toEqual(['bank/a', 'bank/b', 'bank/c', 'bank/d']);
  expect(selectedIn('shop')).toEqual(['shop/t']);
  expect(targets.problems()).toHaveLength(2);
  api.send({ type: 'DELETED', object: versioned(large('a'), 101) });
  api.send({ type: 'MODIFIED', object: versioned(large('f'), 102) });
  await eventually(() => expect(selectedIn('bank')).toEqual(['bank/b', 'bank/c', 'bank/d', 'bank/f']));
  api.send({ type: 'MODIFIED', object: versioned(target('b', { profil: 'p' }, { namespace: 'bank' }), 103) });
  await eventually(() => expect(targets.problems()[0]).toContain('bank/b'));
});
