import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SwitchState } from '../../../src/api/injection-switch.ts';
import { InjectionSwitchWatch } from '../../../src/cluster/caches/injection-switch.ts';
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
let watch: InjectionSwitchWatch;
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
  const options = { namespace: 'apm', name: 'switch', onChange: (state: SwitchState) => void seen.push(state) };
  watch = new InjectionSwitchWatch(await api.client(clock), {
    ...options,
    logger: new RecordingLogger(),
    clock,
  }).start();
  await eventually(() => expect(api.watching).toBe(1));
}

describe('the ConfigMap of the switch', () => {
  test('switches nothing if it does not exist, and only it is read', async () => {
    await start([]);
    expect(watch.state()).toMatchObject({ mode: 'on', problems: [] });
    expect(watch.status().synced).toBe(true);
    for (const { url } of api.seen) {
      expect(url.pathname).toBe('/api/v1/namespaces/apm/configmaps');
      expect(url.searchParams.get('fieldSelector')).toBe('metadata.name=switch');
    }
  });

  test('is known once it is read, and each change of it; deleting it switches injection on', async () => {
    await start([configMap({ injection: 'off', reason: ' INC-1 ', 'profile.one': '' }, '1')]);
    expect(watch.state()).toMatchObject({
      mode: 'off',
      why: 'INC-1',
      profiles: new Map([['one', { by: 'ConfigMap apm/switch', why: '' }]]),
    });
    const before = watch.state();
    api.send({ type: 'MODIFIED', object: configMap({ injection: 'off', reason: 'INC-1', 'profile.one': '' }, '101') });
    api.send({ type: 'MODIFIED', object: configMap({ injection: 'dry-run' }, '102') });
    await eventually(() => expect(watch.state().mode).toBe('dry-run'));
    expect(seen).toEqual([before, watch.state()]);
    api.send({ type: 'DELETED', object: configMap({}, '103') });
    await eventually(() => expect(watch.state().mode).toBe('on'));
  });

  test('reports a value that means nothing, which switches nothing', async () => {
    await start([configMap({ injection: 'of' }, '1')]);
    expect(watch.state()).toMatchObject({ mode: 'on', problems: [expect.stringContaining('apm/switch')] });
  });

  test('stays as it was while the API server is away', async () => {
    await start([configMap({ injection: 'off' }, '1')]);
    await api.kill();
    await eventually(() => expect(watch.status().restarts).toBeGreaterThan(0));
    expect(watch.state().mode).toBe('off');
    await api.start();
  });
});
