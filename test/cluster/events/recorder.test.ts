import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import type { Decision } from '../../../src/admission/decision.ts';
import { misplacedKeys } from '../../../src/settings/misspelled-keys.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { loadClient } from '../../../src/cluster/client/client.ts';
import { type EventLimits, type EventRecorder, createEventRecorder } from '../../../src/cluster/events/recorder.ts';
import { catalogue, namespace, pod } from '../../support/fixtures.ts';
import { CountingClock } from '../../support/counting-clock.ts';
import { Recorder } from '../../support/recording-logger.ts';

// An API server of which only what Events need is there; test/e2e/reasons.test.ts asks a real one.

interface Event {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly involvedObject: Readonly<Record<string, string>>;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

const within = { timeout: 3_000, interval: 3 };
let server: Server;
let dir: string;
let gets: string[];
let posted: Event[];
let names: Set<string>;
let fault: ((request: IncomingMessage) => number | undefined) | undefined;
let metadata: Record<string, unknown>;
let clock: CountingClock;
let log: Recorder;
let events: EventRecorder;
let wallMs: number;

beforeEach(async () => {
  [gets, posted, names, fault, metadata] = [[], [], new Set(), undefined, {}];
  clock = new CountingClock();
  log = new Recorder();
  wallMs = 1_800_000_000_000;
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-events-'));
  server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await text(request);
      const reply = (status: number, object: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(object));
      };
      const failure = fault?.(request);
      if (failure !== undefined) return reply(failure, { kind: 'Status', reason: 'Forbidden', message: 'no' });
      if (request.method === 'GET') {
        gets.push(request.url ?? '');
        return reply(200, { metadata });
      }
      const event = JSON.parse(body) as Event;
      if (names.has(event.metadata.name)) return reply(409, { kind: 'Status', reason: 'AlreadyExists' });
      names.add(event.metadata.name);
      posted.push(event);
      reply(201, event);
    };
    void answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await events.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
  if (clock.open !== 0) throw new Error(`${clock.open} timers left after stop`);
});

async function begin(bounds: Partial<EventLimits> = {}): Promise<EventRecorder> {
  const config = join(dir, 'kubeconfig');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const entries = {
    clusters: [{ name: 'x', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'x', user: {} }],
  };
  const contexts = [{ name: 'x', context: { cluster: 'x', user: 'x' } }];
  writeFileSync(
    config,
    JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...entries, contexts, 'current-context': 'x' }),
  );
  const cluster = await loadClient({ kubeconfig: config, clock });
  if (!cluster) throw new Error('no cluster');
  const misplaced = (workload: Parameters<typeof misplacedKeys>[0], template: Parameters<typeof misplacedKeys>[1]) =>
    misplacedKeys(workload, template, catalogue);
  events = createEventRecorder({ cluster, logger: log, clock, bounds, misplaced, wall: () => wallMs });
  return events;
}

function owned(kind: string, name: string, annotations: Record<string, string> = {}): Pod {
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1';
  const given = pod(undefined, annotations);
  const ownerReferences = [{ apiVersion, kind, name, uid: `uid-of-${name}`, controller: true }];
  return { ...given, metadata: { ...given.metadata, ownerReferences } };
}

const decisionOn = (given: Pod, within_ = namespace()): Decision => admit(given, within_, catalogue).decision;
const tell = (given: Pod, within_ = namespace()): void => events.decided('shop', given, decisionOn(given, within_));
const warnings = (): readonly string[] =>
  log.messages.filter((message) => message.startsWith('warn ')).map((message) => message.slice(5));
const settled = (count: number): Promise<void> =>
  vi.waitFor(() => {
    const { written, known, failed } = events.counts();
    expect(written + known + failed).toBe(count);
  }, within);

describe('what is written', () => {
  test('an injection, on the Deployment behind the ReplicaSet, once for all of its pods', async () => {
    metadata = {
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd', controller: true }],
    };
    await begin();
    for (let count = 0; count < 100; count++) tell(owned('ReplicaSet', 'web-5d'));
    await settled(1);
    expect(gets).toEqual(['/apis/apps/v1/namespaces/shop/replicasets/web-5d']);
    expect(posted).toEqual([
      expect.objectContaining({
        metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{16}$/), namespace: 'shop' },
        involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'd' },
        type: 'Normal',
        reason: 'AgentInjected',
        message: expect.stringMatching(/^injected jennifer-dotnet@[0-9a-f]{8} into web by persistentVolumeClaim$/),
        count: 1,
      }),
    ]);
    expect(events.counts()).toMatchObject({ written: 1, repeated: 99, dropped: 0 });
  });

  test('a problem with its code and what to do, a refusal, and each notice', async () => {
    await begin();
    tell(owned('StatefulSet', 'db', { 'domain-id': '0', typo: 'x' }));
    tell(owned('StatefulSet', 'strict', { 'domain-id': '0' }), namespace({}, 'required'));
    await settled(3);
    const told = posted.map(({ involvedObject, type, reason, message }) => [
      involvedObject['name'],
      type,
      reason,
      message,
    ]);
    expect(told).toEqual([
      [
        'db',
        'Warning',
        'AgentNotInjected',
        expect.stringMatching(/^invalid-value: agent-injector.io\/domain-id is "0"/),
      ],
      ['db', 'Warning', 'AgentNotice', expect.stringMatching(/^unknown-annotation: .* Correct the name/)],
      ['strict', 'Warning', 'PodRefused', expect.stringMatching(/^invalid-value: /)],
    ]);
    expect(gets).toEqual([]);
  });

  test('nothing of what was chosen, nor of what is there already', async () => {
    await begin();
    tell(owned('StatefulSet', 'out', { inject: 'false' }));
    tell(owned('StatefulSet', 'none', { profile: 'none' }));
    const twice = admit(owned('StatefulSet', 'twice'), namespace(), catalogue).pod;
    tell(twice);
    tell(owned('StatefulSet', 'in'));
    await settled(1);
    expect(posted.map(({ involvedObject }) => involvedObject['name'])).toEqual(['in']);
  });

  test('a pod that nothing controls gets it by its name; one without a name gets none', async () => {
    await begin();
    tell({ ...pod(), metadata: { generateName: 'web-' } });
    tell(pod());
    await settled(1);
    expect(posted[0]?.involvedObject).toEqual({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web' });
  });

  test('each run of a CronJob is a Job of its own, but no news', async () => {
    metadata = {
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'c', controller: true }],
    };
    await begin();
    for (const run of ['nightly-1', 'nightly-2', 'nightly-3']) tell(owned('Job', run));
    await vi.waitFor(() => expect(events.counts().repeated).toBe(2), within);
    expect(posted.map(({ involvedObject }) => involvedObject['name'])).toEqual(['nightly']);
  });

  test('the same is said again after ten minutes, with how often it has happened', async () => {
    await begin();
    for (let count = 0; count < 7; count++) tell(owned('StatefulSet', 'db'));
    await settled(1);
    wallMs += 600_000;
    tell(owned('StatefulSet', 'db'));
    await settled(2);
    expect(posted.map(({ count }) => count)).toEqual([1, 7]);
  });

  test('what another replica has written is found there', async () => {
    await begin();
    tell(owned('StatefulSet', 'db'));
    await settled(1);
    await events.stop();
    await begin();
    tell(owned('StatefulSet', 'db'));
    await settled(1);
    expect(events.counts()).toMatchObject({ written: 0, known: 1, failed: 0 });
    expect(warnings()).toEqual([]);
  });

  test('a key on the Deployment instead of its template, seen on the ReplicaSet, logged and told', async () => {
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd', controller: true }];
    metadata = {
      ownerReferences,
      annotations: { 'agent-injector.io/domain-id': '7', 'deployment.kubernetes.io/revision': '1' },
    };
    await begin();
    tell(owned('ReplicaSet', 'web-5d'));
    await settled(2);
    expect(posted[1]).toMatchObject({
      reason: 'AgentNotice',
      message: expect.stringMatching(/^misplaced-key: annotation agent-injector.io\/domain-id is on Deployment web/),
    });
    expect(warnings()).toEqual([
      expect.stringMatching(/^annotation agent-injector.io\/domain-id is on Deployment web/),
    ]);
  });
});

describe('what it may cost', () => {
  test('a queue that is full drops, in no time', async () => {
    await begin({ queued: 10, burst: 1, perSecond: 1 });
    for (let index = 0; index < 1_000; index++) tell(owned('StatefulSet', `db-${index}`));
    expect(events.counts().dropped).toBeGreaterThan(900);
    await vi.waitFor(() => expect(posted).toHaveLength(1), within);
  });

  test('a namespace says no more than its share', async () => {
    await begin({ perNamespace: 3 });
    for (let index = 0; index < 10; index++) tell(owned('StatefulSet', `db-${index}`));
    await settled(3);
    expect(events.counts()).toMatchObject({ written: 3, dropped: 7 });
  });

  test('so many a second', async () => {
    await begin({ burst: 2, perSecond: 20 });
    const started = performance.now();
    for (let index = 0; index < 6; index++) tell(owned('StatefulSet', `db-${index}`));
    await settled(6);
    expect(performance.now() - started).toBeGreaterThan(180);
  });

  test.each([403, 500])(
    'an API server that answers %i is logged once, counted each time, and fatal never',
    async (status) => {
      await begin();
      fault = () => status;
      for (let index = 0; index < 5; index++) tell(owned('ReplicaSet', `web-${index}`));
      await settled(5);
      expect(events.counts()).toMatchObject({ written: 0, failed: 5 });
      expect(warnings()).toEqual([`an Event could not be written: the API server answered ${status}: no`]);
      fault = undefined;
      tell(owned('StatefulSet', 'db'));
      await settled(6);
      expect(log.messages.at(-1)).toBe('info Events are written again');
    },
  );

  test('names that could lead elsewhere are never part of a request', async () => {
    await begin();
    tell(owned('ReplicaSet', '../../../api/v1/secrets'));
    events.decided('../x', owned('StatefulSet', 'db'), decisionOn(owned('StatefulSet', 'db')));
    tell(owned('StatefulSet', 'ok'));
    await settled(2);
    expect(posted.map(({ involvedObject }) => `${involvedObject['kind']}/${involvedObject['name']}`)).toEqual([
      'Pod/web',
      'StatefulSet/ok',
    ]);
    expect(gets).toEqual([]);
  });
});
