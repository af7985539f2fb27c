import { afterEach, beforeEach, expect, test } from 'vitest';
import { Nodes, nodeFactsFrom } from '../../../src/cluster/caches/nodes.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi, json } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const node = (name: string, version: number, kubeletVersion = 'v1.36.3', more: object = {}) => ({
  metadata: { name, resourceVersion: String(version) },
  status: {
    nodeInfo: { kubeletVersion, containerRuntimeVersion: 'containerd://2.2.9', operatingSystem: 'linux' },
    ...more,
  },
});

let api: FaultyApi;
let clock: ManualClock;
let nodes: Nodes;

beforeEach(async () => {
  api = new FaultyApi();
  clock = new ManualClock();
  await api.start();
});

afterEach(async () => {
  await nodes.stop();
  await api.kill();
  clock.expectNoTimers();
});

async function start(): Promise<void> {
  nodes = new Nodes(await api.client(clock), { logger: new RecordingLogger(), clock, random: () => 0 }).start();
  await nodes.whenTried();
}

async function begin(...items: readonly object[]): Promise<void> {
  api.faults.list = (_, response) => json(response, { metadata: { resourceVersion: '100' }, items });
  await start();
  await eventually(() => expect(api.watching).toBe(1));
}

test('the facts are the same value while nodes come, go and send heartbeats; an older node changes them at once, and back', async () => {
  await begin(node('a', 1), node('b', 2));
  const first = nodes.facts();
  expect(first).toEqual({ mountImages: true, single: false });
  api.send({ type: 'MODIFIED', object: node('a', 101, 'v1.36.3', { conditions: [{ type: 'Ready' }] }) });
  api.send({ type: 'MODIFIED', object: node('b', 102) });
  await eventually(() => expect(nodes.status()['nodes']?.size).toBe(2));
  expect(nodes.facts()).toBe(first);
  api.send({ type: 'ADDED', object: node('old', 103, 'v1.33.5') });
  await eventually(() => expect(nodes.facts()).toEqual({ mountImages: false, single: false }));
  api.send({ type: 'DELETED', object: node('old', 104, 'v1.33.5') });
  await eventually(() => expect(nodes.facts()).toEqual(first));
  api.send({ type: 'MODIFIED', object: node('b', 105, 'v1.34.0') });
  await eventually(() => expect(nodes.facts()?.mountImages).toBe(false));
  api.send({ type: 'DELETED', object: node('b', 106, 'v1.34.0') });
  await eventually(() => expect(nodes.facts()).toEqual({ mountImages: true, single: true }));
});

test('without nodes, without the permission, and two minutes after the API server was last heard from, nothing is known', async () => {
  await begin(node('a', 1));
  clock.advance(120_000);
  expect(nodes.facts()).toBeDefined();
  clock.advance(1);
  expect(nodes.facts()).toBeUndefined();
  await nodes.stop();
  await begin();
  expect(nodes.facts()).toBeUndefined();
  await nodes.stop();
  api.faults.list = answers({ kind: 'Status', message: 'it is forbidden' }, 403);
  await start();
  expect(nodes.facts()).toBeUndefined();
  expect(nodes.status()).toMatchObject({ nodes: { synced: false } });
});

test('a list has the same facts', () => {
  expect(nodeFactsFrom([node('a', 1), node('b', 2, 'v1.34.0'), 'x'])).toEqual({ mountImages: false, single: false });
});
