import { beforeEach, describe, expect, test } from 'vitest';
import { WebhookPaths } from '../../../src/cluster/webhook-configuration/webhook-paths.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { FakeConfigurations, type Configuration } from '../../support/fake-configurations.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const service = { name: 'agent-injector', namespace: 'apm' };
const A = 'a'.repeat(32);

const configuration = (path: string): Configuration => ({
  metadata: {
    name: 'agent-injector',
    resourceVersion: '1',
    annotations: { 'agent-injector.io/webhook-path': 'secret' },
  },
  webhooks: [{ clientConfig: { service: { ...service, path }, caBundle: 'eA==' } }],
});

let api: FakeConfigurations;
let clock: ManualClock;
let isFresh: boolean;
let paths: WebhookPaths;
let reads: number;
beforeEach(() => {
  api = new FakeConfigurations(configuration(`/mutate/${A}`));
  const read = api.getJson;
  reads = 0;
  api.getJson = (path) => {
    reads += 1;
    return read(path);
  };
  clock = new ManualClock();
  isFresh = true;
  paths = new WebhookPaths({
    client: api,
    name: 'agent-injector',
    service,
    clock,
    isFresh: () => isFresh,
    settleMs: 10_000,
  });
  see();
});

function see(): void {
  paths.see(JSON.parse(JSON.stringify(api.current)) as JsonObject);
}

describe('a closed path', () => {
  test('is looked up before it is refused: the API server may use it already', async () => {
    expect(paths.isOpen(`/mutate/${A}`)).toBe(true);
    expect(await paths.isOpen('/mutate')).toBe(false);
    clock.advance(1000);
    api.current = configuration('/mutate');
    expect(await paths.isOpen('/mutate')).toBe(true);
    // From then on for the grace period, and until the watch reports the change.
    expect(paths.isOpen('/mutate')).toBe(true);
    expect(reads).toBe(2);
  });

  test('costs one read a second, however many ask, and no answer is older than its question', async () => {
    expect(await paths.isOpen('/mutate')).toBe(false);
    const asked = Array.from({ length: 100 }, async () => paths.isOpen('/mutate'));
    await clock.whenOpen();
    api.current = configuration('/mutate');
    expect(reads).toBe(1);
    clock.advance(1000);
    expect(new Set(await Promise.all(asked))).toEqual(new Set([true]));
    expect(reads).toBe(2);
    expect(clock.open).toBe(0);
  });

  test('is open if the configuration cannot be seen in any way, and closed if only one read fails', async () => {
    api.getJson = async () => ({ kind: 'timeout', afterMs: 2000 });
    expect(await paths.isOpen('/mutate')).toBe(false);
    isFresh = false;
    clock.advance(1000);
    expect(await paths.isOpen('/mutate')).toBe(true);
  });

  test('of a configuration that was deleted stays as it was', async () => {
    api.current = undefined;
    paths.see(undefined);
    expect(paths.isOpen(`/mutate/${A}`)).toBe(true);
    expect(await paths.isOpen('/mutate')).toBe(false);
  });
});

describe('a path is written', () => {
  const written = (): string | undefined => {
    const object = JSON.parse(JSON.stringify(api.current)) as JsonObject;
    return paths.toWrite((object['webhooks'] as JsonObject[])[0] ?? {}, object);
  };

  test('once every replica has had time to read the secret', () => {
    api.current = configuration('/mutate');
    expect(written()).toBeUndefined();
    paths.use(A);
    clock.advance(9_999);
    paths.use(A);
    expect(written()).toBeUndefined();
    clock.advance(1);
    expect(written()).toBe(`/mutate/${A}`);
    paths.use('b'.repeat(32));
    expect(written()).toBeUndefined();
  });

  test('without the secret if the configuration does not ask for it', () => {
    paths.use(A);
    expect(written()).toBeUndefined();
    if (api.current) delete api.current.metadata.annotations;
    expect(written()).toBe('/mutate');
  });
});
