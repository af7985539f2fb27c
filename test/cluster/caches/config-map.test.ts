import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSwitch, type SwitchState } from '../../../src/api/injection-switch.ts';
import { ConfigMapWatch } from '../../../src/cluster/caches/config-map.ts';
import { eventually } from '../../support/eventually.ts';
import { answers, FaultyApi } from '../../support/faulty-api.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const configMap = (data: object, version: string) => ({
  metadata: { namespace: 'apm', name: 'switch', resourceVersion: version },
  data,
});

let api: FaultyApi;
let clock: ManualClock;
let watch: ConfigMapWatch<SwitchState>;
let seen: SwitchState[];

beforeEach(async () => {
  api = new FaultyApi();
  clock = new ManualClock();
  await api.start();
});

afterEach(async () => {
  await watch.stop();
  await api.kill();
  clock.expectNoTimers();
});

async function start(items: readonly object[]): Promise<void> {
  api.faults.list = answers({ metadata: { resourceVersion: '100' }, items }, 200);
  seen = [];
  watch = new ConfigMapWatch<SwitchState>(await api.client(clock), {
    namespace: 'apm',
    name: 'switch',
    read: (data) => readSwitch(data, 'ConfigMap apm/switch'),
    onChange: (state) => void seen.push(state),
    logger: new RecordingLogger(),
    clock,
  }).start();
  await eventually(() => expect(api.watching).toBe(1));
}

describe('the ConfigMap of the switch', () => {
  test('switches nothing if it does not exist, and only it is read', async () => {
    await start([]);
    expect(watch.value()).toMatchObject({ mode: 'on', problems: [] });
    expect(watch.status().synced).toBe(true);
    for (const { url } of api.seen) {
      expect(url.pathname).toBe('/api/v1/namespaces/apm/configmaps');
      expect(url.searchParams.get('fieldSelector')).toBe('metadata.name=switch');
    }
  });

  test('is known once it is read, and each change of it; deleting it switches injection on', async () => {
    await start([configMap({ injection: 'off', reason: ' INC-1 ', 'profile.one': '' }, '1')]);
    expect(watch.value()).toMatchObject({
      mode: 'off',
      why: 'INC-1',
      profiles: new Map([['one', { by: 'ConfigMap apm/switch', why: '' }]]),
    });
    const before = watch.value();
    api.send({ type: 'MODIFIED', object: configMap({ injection: 'off', reason: 'INC-1', 'profile.one': '' }, '101') });
    api.send({ type: 'MODIFIED', object: configMap({ injection: 'dry-run' }, '102') });
    await eventually(() => expect(watch.value().mode).toBe('dry-run'));
    expect(seen).toEqual([before, watch.value()]);
    api.send({ type: 'DELETED', object: configMap({}, '103') });
    await eventually(() => expect(watch.value().mode).toBe('on'));
  });

  test('reports a value that means nothing, which switches nothing', async () => {
    await start([configMap({ injection: 'of' }, '1')]);
    expect(watch.value()).toMatchObject({ mode: 'on', problems: [expect.stringContaining('apm/switch')] });
  });

  test('stays as it was while the API server is away', async () => {
    await start([configMap({ injection: 'off' }, '1')]);
    await api.kill();
    await eventually(() => expect(watch.status().restarts).toBeGreaterThan(0));
    expect(watch.value().mode).toBe('off');
    await api.start();
  });
});
