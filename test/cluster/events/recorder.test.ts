import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import type { Decision } from '../../../src/admission/decision.ts';
import type { Failure } from '../../../src/cluster/client/errors.ts';
import type { KubeClient } from '../../../src/cluster/client/types.ts';
import { createEventRecorder, type EventRecorder } from '../../../src/cluster/events/recorder.ts';
import type { EventLimits } from '../../../src/cluster/events/writer.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { misplacedKeys } from '../../../src/settings/misspelled-keys.ts';
import { eventually } from '../../support/eventually.ts';
import { catalogue, namespace, pod } from '../../support/fixtures.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

interface Event {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly involvedObject: Readonly<Record<string, string>>;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

let gets: string[];
let posted: Event[];
let status: number | undefined;
let refusal: Failure | undefined;
let metadata: JsonObject;
let clock: ManualClock;
let log: RecordingLogger;
let events: EventRecorder;
let wallMs: number;

const failed = (code: number, reason: string, message = 'no'): Failure => ({
  kind: 'http',
  status: code,
  reason,
  message,
  retryAfterMs: 0,
});
/** The part of an API server that Events need; test/e2e/reasons.test.ts asks a real one. */
const client: KubeClient = {
  server: 'https://fake',
  getJson: async (path) => {
    if (status !== undefined) return failed(status, 'Forbidden');
    gets.push(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (absent.has(name)) return failed(404, 'NotFound');
    return { kind: 'ok', body: { metadata: { name, uid: `uid-of-${name}`, ...metadata } } };
  },
  sendJson: async (_, { body }) => {
    if (refusal) return refusal;
    if (status !== undefined) return failed(status, 'Forbidden');
    const event = body as unknown as Event;
    if (posted.some(({ metadata: { name } }) => name === event.metadata.name)) return failed(409, 'AlreadyExists');
    posted.push(event);
    return { kind: 'ok', body: {} };
  },
  getItems: () => Promise.reject(new Error('nothing is listed')),
  watchLines: () => Promise.reject(new Error('Events are not watched')),
};

/** Names of controllers that do not exist. */
const absent = new Set<string>();

beforeEach(() => {
  [gets, posted, status, refusal, metadata] = [[], [], undefined, undefined, {}];
  absent.clear();
  clock = new ManualClock();
  log = new RecordingLogger();
  wallMs = 1_800_000_000_000;
});

afterEach(async () => {
  await events.stop();
  clock.expectNoTimers();
});

function begin(limits: Partial<EventLimits> = {}): void {
  events = createEventRecorder({
    client,
    logger: log,
    clock,
    limits,
    misplacedKeys: (workload, template) => misplacedKeys(workload, template, catalogue),
    wall: () => wallMs,
  });
}

function owned(kind: string, name: string, annotations: Record<string, string> = {}): Pod {
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1';
  const given = pod(undefined, annotations);
  const ownerReferences = [{ apiVersion, kind, name, uid: `uid-of-${name}`, controller: true }];
  return { ...given, metadata: { ...given.metadata, ownerReferences } };
}

const reference = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', controller: true };
const decisionOn = (given: Pod, within = namespace()): Decision => admit(given, within, catalogue).decision;
const record = (given: Pod, within = namespace()): void => events.record('shop', given, decisionOn(given, within));
const controller = (apiVersion: string, kind: string, name: string, uid: string) => ({
  ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
});
const settled = (count: number): Promise<void> =>
  eventually(() => {
    const { written, known, unverified, failed: failures } = events.counts();
    expect(written + known + unverified + failures).toBe(count);
  });
const names = () => posted.map(({ involvedObject }) => involvedObject['name']);

describe('what is written', () => {
  test('an injection, on the Deployment behind the ReplicaSet, once for all its pods', async () => {
    metadata = controller('apps/v1', 'Deployment', 'web', 'd');
    begin();
    for (let count = 0; count < 100; count++) record(owned('ReplicaSet', 'web-5d'));
    await settled(1);
    expect(gets).toEqual(['/apis/apps/v1/namespaces/shop/replicasets/web-5d']);
    expect(posted).toEqual([
      expect.objectContaining({
        metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{16}$/), namespace: 'shop' },
        involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'd' },
        type: 'Normal',
        reason: 'AgentInjected',
        message: expect.stringMatching(/^decided to inject jennifer-dotnet@[0-9a-f]{8}/),
        count: 1,
      }),
    ]);
    expect(events.counts()).toMatchObject({ written: 1, repeated: 99, dropped: 0 });
  });

  test('a problem and a refusal with their codes, and each notice', async () => {
    begin();
    record(owned('StatefulSet', 'db', { 'domain-id': '0', typo: 'x' }));
    record(owned('StatefulSet', 'strict', { 'domain-id': '0' }), namespace({}, 'required'));
    await settled(3);
    const written = posted.map(({ involvedObject, type, reason, message }) => [
      involvedObject['name'],
      type,
      reason,
      message.split(':', 1)[0],
    ]);
    expect(written).toEqual([
      ['db', 'Warning', 'AgentNotInjected', 'invalid-value'],
      ['db', 'Warning', 'AgentNotice', 'unknown-annotation'],
      ['strict', 'Warning', 'PodRefused', 'invalid-value'],
    ]);
    const path = '/apis/apps/v1/namespaces/shop/statefulsets';
    expect(gets).toEqual([`${path}/db`, `${path}/strict`]);
  });

  test('nothing about an opt-out, nor about an agent that is there already', async () => {
    begin();
    record(owned('StatefulSet', 'out', { inject: 'false' }));
    record(owned('StatefulSet', 'none', { profile: 'none' }));
    const twice = admit(owned('StatefulSet', 'twice'), namespace(), catalogue).pod;
    record(twice);
    record(owned('StatefulSet', 'in'));
    await settled(1);
    expect(names()).toEqual(['in']);
  });

  test('nothing about a pod without a controller: its creator sees the warnings, and it may never exist', async () => {
    begin();
    record({ ...pod(), metadata: { generateName: 'web-' } });
    record(pod());
    await settled(2);
    expect(events.counts()).toMatchObject({ unverified: 2, written: 0 });
    expect([...gets, ...posted]).toEqual([]);
  });

  test.each([
    ['that does not exist', () => absent.add('db'), owned('StatefulSet', 'db')],
    [
      'whose uid is another one',
      () => (metadata = { uid: '00000000-0000-0000-0000-000000000000' }),
      owned('DaemonSet', 'db'),
    ],
    ['without a uid', () => {}, { ...pod(), metadata: { ownerReferences: [{ ...reference, kind: 'StatefulSet' }] } }],
    ['of a kind that cannot be read', () => {}, owned('CloneSet', 'db')],
  ])('nothing about a controller %s, and it takes no room from others', async (_, arrange, forged) => {
    arrange();
    begin({ perNamespace: 1 });
    record(forged);
    await settled(1);
    expect(events.counts()).toMatchObject({ unverified: 1, written: 0, failed: 0 });
    expect(posted).toEqual([]);
    [metadata] = [{}];
    record(owned('StatefulSet', 'web'));
    await settled(2);
    expect(names()).toEqual(['web']);
  });

  test.each([
    ['v1', 'ReplicationController', '/api/v1/namespaces/shop/replicationcontrollers/db'],
    ['apps/v1', 'DaemonSet', '/apis/apps/v1/namespaces/shop/daemonsets/db'],
    ['batch/v1', 'Job', '/apis/batch/v1/namespaces/shop/jobs/db'],
  ])('the controller is looked up: %s %s', async (apiVersion, kind, path) => {
    begin();
    record({ ...pod(), metadata: { ownerReferences: [{ ...reference, apiVersion, kind, uid: 'uid-of-db' }] } });
    await settled(1);
    expect([gets, names()]).toEqual([[path], ['db']]);
  });

  test('a namespace that is being deleted is no failure', async () => {
    begin();
    refusal = failed(403, 'Forbidden', 'unable to create new content in namespace shop because it is being terminated');
    record(owned('StatefulSet', 'db'));
    await eventually(() => expect(events.counts().dropped).toBe(1));
    expect(events.counts()).toMatchObject({ failed: 0 });
    expect(log.of('warn')).toEqual([]);
  });

  test('one Event for all Jobs of a CronJob', async () => {
    metadata = controller('batch/v1', 'CronJob', 'nightly', 'c');
    begin();
    for (const run of ['nightly-1', 'nightly-2', 'nightly-3']) record(owned('Job', run));
    await eventually(() => expect(events.counts().repeated).toBe(2));
    expect(names()).toEqual(['nightly']);
  });

  test('the same Event again after ten minutes, with the number of occurrences', async () => {
    begin();
    for (let count = 0; count < 7; count++) record(owned('StatefulSet', 'db'));
    await settled(1);
    wallMs += 600_000;
    record(owned('StatefulSet', 'db'));
    await settled(2);
    expect(posted.map(({ count }) => count)).toEqual([1, 7]);
  });

  test('nothing that another replica has written', async () => {
    begin();
    record(owned('StatefulSet', 'db'));
    await settled(1);
    await events.stop();
    begin();
    record(owned('StatefulSet', 'db'));
    await settled(1);
    expect(events.counts()).toMatchObject({ written: 0, known: 1, failed: 0 });
    expect(log.of('warn')).toEqual([]);
  });

  test('a key on the Deployment instead of its template, seen on the ReplicaSet, is logged and written', async () => {
    metadata = {
      ...controller('apps/v1', 'Deployment', 'web', 'd'),
      annotations: { 'agent-injector.io/domain-id': '7', 'deployment.kubernetes.io/revision': '1' },
    };
    begin();
    record(owned('ReplicaSet', 'web-5d'));
    await settled(2);
    expect(posted[1]).toMatchObject({ reason: 'AgentNotice', message: expect.stringMatching(/^misplaced-key: /) });
    expect(log.of('warn')).toEqual([expect.stringMatching(/domain-id.*Deployment web/)]);
  });
});

describe('what it may cost', () => {
  test('a full queue drops Events', async () => {
    begin({ queued: 10, burst: 1, perSecond: 1 });
    for (let index = 0; index < 1_000; index++) record(owned('StatefulSet', `db-${index}`));
    expect(events.counts().dropped).toBeGreaterThan(900);
    await settled(1);
  });

  test('the number of Events of a namespace is limited', async () => {
    begin({ perNamespace: 3 });
    for (let index = 0; index < 10; index++) record(owned('StatefulSet', `db-${index}`));
    await settled(3);
    expect(events.counts()).toMatchObject({ written: 3, dropped: 7 });
  });

  test('the rate is limited', async () => {
    begin();
    for (let index = 0; index < 60; index++) record(owned('StatefulSet', `db-${index}`));
    await settled(50);
    for (let count = 51; count <= 60; count++) {
      clock.advance(199);
      expect(posted).toHaveLength(count - 1);
      clock.advance(1);
      await settled(count);
    }
  });

  test.each([403, 500])(
    'an API server that answers %i is logged once, counted each time, and never fatal',
    async (code) => {
      begin();
      status = code;
      for (let index = 0; index < 5; index++) record(owned('ReplicaSet', `web-${index}`));
      await settled(5);
      expect(events.counts()).toMatchObject({ written: 0, failed: 5 });
      expect(log.of('warn')).toEqual([expect.stringContaining(String(code))]);
      status = undefined;
      record(owned('StatefulSet', 'db'));
      await settled(6);
      expect(log.of('info')).toHaveLength(1);
    },
  );

  test('names that could lead elsewhere are never part of a request', async () => {
    begin();
    record(owned('ReplicaSet', '../../../api/v1/secrets'));
    events.record('../x', owned('StatefulSet', 'db'), decisionOn(owned('StatefulSet', 'db')));
    record(owned('StatefulSet', 'ok'));
    await settled(2);
    expect(names()).toEqual(['ok']);
    expect(gets).toEqual(['/apis/apps/v1/namespaces/shop/statefulsets/ok']);
  });
});
