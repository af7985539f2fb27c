import { afterEach, beforeEach, expect, it } from 'vitest';
import { ServerVersion } from '../../../src/cluster/caches/server-version.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi, html, never, reset, type Answer } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const TEN_SECONDS = 10_000;
let api: FaultyApi;
let clock: ManualClock;
let source: ServerVersion;
let reconnects = 0;
let log: RecordingLogger;

beforeEach(async () => {
  api = new FaultyApi();
  clock = new ManualClock();
  log = new RecordingLogger();
  reconnects = 0;
  await api.start();
  source = new ServerVersion({ client: await api.client(), reconnects: () => reconnects, logger: log, clock });
});

afterEach(async () => {
  await source.stop();
  await api.kill();
  clock.expectNoTimers();
});

const version = (gitVersion: unknown): Answer => answers({ major: '1', minor: '36', gitVersion }, 200);

it('is known once the first request was tried', async () => {
  api.faults.get = version('v1.36.3-gke.100');
  await source.start().whenTried();
  expect(api.seen.map(({ url }) => url.pathname)).toEqual(['/version']);
  expect(source.get()).toEqual({ major: 1, minor: 36 });
  expect(log.of('info')).toHaveLength(1);
});

it('is requested again after ten minutes and when a connection broke, and not before', async () => {
  api.faults.get = version('v1.35.1');
  await source.start().whenTried();
  const next = async (asked: number) => {
    clock.advance(TEN_SECONDS);
    // The timer of the next check is set when this one is over.
    await eventually(() => expect(clock.open).toBe(1));
    expect(api.count('get')).toBe(asked);
  };
  for (let checks = 1; checks < 60; checks += 1) await next(1);
  await next(2);
  api.faults.get = version('v1.36.0');
  await next(2);
  expect(source.get()).toEqual({ major: 1, minor: 35 });
  reconnects = 1;
  await next(3);
  expect(source.get()).toEqual({ major: 1, minor: 36 });
  await next(3);
  expect(log.messages).toHaveLength(2);
});

it.each<[string, Answer]>([
  ['without a version', version(undefined)],
  ['half a version', version('v1')],
  ['HTML', html],
  ['by a reset', reset],
  ['403', answers({ kind: 'Status', message: 'no' }, 403)],
])('is unknown while the server answers %s, and requested again ten seconds later', async (_, answer) => {
  api.faults.get = answer;
  await source.start().whenTried();
  expect(source.get()).toBeUndefined();
  expect(log.messages).toEqual([expect.stringMatching(/^warn /)]);
  api.faults.get = version('v1.36.0');
  clock.advance(TEN_SECONDS);
  await eventually(() => expect(source.get()).toEqual({ major: 1, minor: 36 }));
});

it('stays while the API server is unavailable', async () => {
  api.faults.get = version('v1.36.0');
  await source.start().whenTried();
  await api.kill();
  reconnects = 1;
  clock.advance(TEN_SECONDS);
  await eventually(() => expect(log.of('warn')).toHaveLength(1));
  expect(source.get()).toEqual({ major: 1, minor: 36 });
  await api.start();
});

it('is not waited for when the server stops', async () => {
  api.faults.get = never;
  const tried = source.start().whenTried();
  await eventually(() => expect(api.count('get')).toBe(1));
  await source.stop();
  await tried;
  expect(log.messages).toEqual([]);
});
