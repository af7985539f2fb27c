import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ServerVersion } from '../../../src/cluster/caches/server-version.ts';
import { FaultyApi, html, json, never, reset, type Answer } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Recorder } from '../../support/recording-logger.ts';

const TEN_SECONDS = 10_000;
const within = { timeout: 1_500, interval: 3 };
let api: FaultyApi;
let clock: ManualClock;
let source: ServerVersion;
let reconnects = 0;
let log: Recorder;

beforeEach(async () => {
  api = new FaultyApi();
  clock = new ManualClock();
  log = new Recorder();
  reconnects = 0;
  await api.start();
  source = new ServerVersion({ cluster: await api.cluster(), reconnects: () => reconnects, logger: log, clock });
});

afterEach(async () => {
  await source.stop();
  await api.kill();
  if (clock.open !== 0) throw new Error(`${clock.open} timers left after stop`);
});

const says =
  (gitVersion: unknown): Answer =>
  (_, response) =>
    json(response, { major: '1', minor: '36', gitVersion });

it('is known once the start is over', async () => {
  api.faults.get = says('v1.36.3-gke.100');
  await source.start();
  expect(api.seen.map(({ url }) => url.pathname)).toEqual(['/version']);
  expect(source.get()).toEqual({ major: 1, minor: 36 });
  expect(log.messages).toEqual(['info version of the API server']);
});

it('is asked for again after ten minutes, and when a connection broke, and else never', async () => {
  api.faults.get = says('v1.35.1');
  await source.start();
  const next = async (asked: number) => {
    clock.advance(TEN_SECONDS);
    // Its next look is planned only when this one is over.
    await vi.waitFor(() => expect(clock.open).toBe(1), within);
    expect(api.count('get')).toBe(asked);
  };
  for (let looks = 1; looks < 60; looks += 1) await next(1);
  await next(2);
  api.faults.get = says('v1.36.0');
  await next(2);
  expect(source.get()).toEqual({ major: 1, minor: 35 });
  reconnects = 1;
  await next(3);
  expect(source.get()).toEqual({ major: 1, minor: 36 });
  await next(3);
  expect(log.messages).toHaveLength(2);
});

it.each<[string, Answer | undefined]>([
  ['no version', says(undefined)],
  ['half a version', says('v1')],
  ['a login page', html],
  ['nothing, and hangs up', reset],
  ['that it is forbidden', (_, response) => json(response, { kind: 'Status', message: 'no' }, 403)],
])('is not known while the server says %s, and asked for soon again', async (_, answer) => {
  if (answer) api.faults.get = answer;
  await source.start();
  expect(source.get()).toBeUndefined();
  expect(log.messages).toEqual([expect.stringMatching(/^warn the version of Kubernetes is not known: /)]);
  api.faults.get = says('v1.36.0');
  clock.advance(TEN_SECONDS);
  await vi.waitFor(() => expect(source.get()).toEqual({ major: 1, minor: 36 }), within);
});

it('stays what it was while the API server is away', async () => {
  api.faults.get = says('v1.36.0');
  await source.start();
  await api.kill();
  reconnects = 1;
  clock.advance(TEN_SECONDS);
  await vi.waitFor(() => expect(log.messages.at(-1)).toContain('not known'), within);
  expect(source.get()).toEqual({ major: 1, minor: 36 });
  await api.start();
});

it('is given up at once when the server stops', async () => {
  api.faults.get = never;
  const started = source.start();
  await vi.waitFor(() => expect(api.count('get')).toBe(1), within);
  await source.stop();
  await started;
  expect(log.messages).toEqual([]);
});
