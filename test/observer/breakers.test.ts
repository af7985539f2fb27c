import { describe, expect, it } from 'vitest';
import type { Breaker, BreakerAction } from '../../src/api/breaker.ts';
import { Breakers } from '../../src/observer/breakers.ts';
import type { Census } from '../../src/observer/census.ts';
import type { Comparison } from '../../src/observer/comparison.ts';
import type { Sight, Step } from '../../src/observer/steps.ts';
import { breakerCase, censusOf, keyed, NOW, type PodCase, states } from '../support/observed.ts';

// Evidence and counter-evidence, thresholds, and the way of a breaker from closed to open and back.

const HOUR = 3_600_000;
const LIMITS = { windowMs: 900_000, graceMs: 90_000, cooldownMs: HOUR, stableMs: 300_000 };
const KEY = 'workload.shop.ReplicaSet.web';
const crash: PodCase = { app: states.crashing(3) };

const owner = (kind: string) => ({ apiVersion: 'apps/v1', kind, name: 'web-5d4f', uid: 'u', controller: true });

const manyProfiles = {
  'agent-injector.io/status': JSON.stringify({
    decision: 'injected',
    containers: Array.from({ length: 10 }, (_, index) => ({
      container: 'app',
      profile: `${'p'.repeat(900)}${index}`,
      hash: '0123abcd',
      delivery: 'init',
    })),
  }),
};

const comparison = (given: Partial<Comparison> = {}): Comparison => ({
  at: NOW,
  without: 0,
  withoutRunning: 0,
  withoutFailing: 0,
  sameRunning: 0,
  runningOn: new Set(),
  sickNodes: new Set(),
  ...given,
});

const sight = (census: Census, given: Partial<Sight> & { readonly compared?: Partial<Comparison> } = {}): Sight => {
  const { compared = {}, ...rest } = given;
  const now = rest.now ?? NOW;
  const comparisons = new Map([[KEY, comparison({ at: now, ...compared })]]);
  return { census, breakers: new Map(), comparisons, now, ageMs: 1000, ...rest };
};

/** The steps once the grace time is over. */
function afterGrace(
  pods: readonly PodCase[],
  given: Parameters<typeof sight>[1] = {},
  action: BreakerAction = 'stop',
): readonly Step[] {
  const logic = new Breakers({ ...LIMITS, action });
  const before = logic.next(sight(censusOf(...pods), given));
  expect(before.filter(({ kind }) => kind === 'set')).toEqual([]);
  return logic.next(sight(censusOf(...pods), { ...given, now: NOW + 90_000 }));
}

const opened = (steps: readonly Step[]): Breaker | undefined =>
  steps.flatMap((step) => (step.kind === 'set' ? [step.breaker] : []))[0];

describe('a breaker of a workload', () => {
  it('opens if pods fail and pods without the agent run', () => {
    const found = opened(afterGrace([crash], { compared: { withoutRunning: 2 } }));
    expect(found).toMatchObject({
      namespace: 'shop',
      workload: 'ReplicaSet/web',
      shown: 'Deployment/web',
      phase: 'open',
      stops: true,
      profiles: { 'acme-java': '0123abcd' },
      until: NOW + 90_000 + HOUR,
    });
  });

  it('opens where what fails is ours, whatever others say', () => {
    const ours: PodCase = { phase: 'Pending', agentInit: states.crashing(), app: states.waiting('PodInitializing') };
    expect(opened(afterGrace([ours], { compared: { withoutFailing: 1 } }))?.phase).toBe('open');
  });

  it('is only suspected if no pod without the agent tells', () => {
    expect(opened(afterGrace([crash]))?.phase).toBe('suspected');
  });

  it('stops nothing with the action report', () => {
    expect(opened(afterGrace([crash], {}, 'report'))?.stops).toBe(false);
  });

  const against: readonly (readonly [string, readonly PodCase[], Parameters<typeof sight>[1]])[] = [
    ['pods without the agent fail, too', [crash, crash], { compared: { withoutFailing: 1, withoutRunning: 1 } }],
    ['most pods with the same version run', [crash, {}, {}], { compared: { sameRunning: 2 } }],
    ['it has crashed once', [{ app: states.crashing(1) }, {}], {}],
    ['it runs again for two minutes', [{ app: states.restarted(130) }], {}],
    ['a sidecar fails', [{ sidecar: states.crashing(5) }], {}],
    ['it began to fail an hour after its start', [{ ...crash, ageSeconds: 3600 }], {}],
    ['the watch is deaf', [crash], { ageMs: 60_001, compared: { withoutRunning: 1 } }],
    ['the watch has heard nothing yet', [crash], { ageMs: undefined, compared: { withoutRunning: 1 } }],
    [
      'pods without an agent fail on the node',
      [crash, crash],
      { compared: { withoutRunning: 1, sickNodes: new Set(['node-1']) } },
    ],
    [
      'it fails on one node, and runs on another',
      [crash, crash, { node: 'node-2' }],
      { compared: { withoutRunning: 1, runningOn: new Set(['node-2']), sameRunning: 1 } },
    ],
    ['nothing was compared', [crash], { comparisons: new Map() }],
    [
      'the pod has no controller, so none would come in its place',
      [{ ...crash, metadata: { ownerReferences: [] } }],
      { compared: { withoutRunning: 1 } },
    ],
  ];
  it.each(against)('stays closed if %s', (_, pods, given) => {
    expect(opened(afterGrace(pods, given))).toBeUndefined();
  });

  it.each<[string, PodCase]>([
    ['has a kind that no key of a ConfigMap can have', { ...crash, metadata: { ownerReferences: [owner('a/b c')] } }],
    ['has profiles of more text than is read again', { ...crash, metadata: { annotations: manyProfiles } }],
  ])('that cannot be stored is left out, so that others can be: the workload %s', (_, hostile) => {
    const compared = comparison({ at: NOW + 90_000, withoutRunning: 1 });
    const comparisons = { get: () => compared } as unknown as Sight['comparisons'];
    const found = afterGrace([hostile, { ...crash, workload: 'good' }], { comparisons });
    expect(found.flatMap((step) => (step.kind === 'set' ? [step.key] : []))).toEqual(['workload.shop.ReplicaSet.good']);
  });

  it('that is reset waits for the grace time again: the pods that fail must be created again first', () => {
    const logic = new Breakers({ ...LIMITS, action: 'stop' });
    const census = censusOf(crash);
    const at = (now: number, breakers: Sight['breakers'] = new Map()) =>
      logic.next(sight(census, { now, breakers, compared: { withoutRunning: 1 } }));
    expect(opened([...at(NOW), ...at(NOW + 90_000)])?.phase).toBe('open');
    at(NOW + 91_000, keyed(breakerCase()));
    expect(opened([...at(NOW + 92_000), ...at(NOW + 180_000)])).toBeUndefined();
    expect(opened(at(NOW + 182_000))?.phase).toBe('open');
  });

  it('asks for a comparison, and for another one when it is old', () => {
    const logic = new Breakers({ ...LIMITS, action: 'stop' });
    const census = censusOf(crash);
    expect(logic.next(sight(census, { comparisons: new Map() }))).toMatchObject([
      { kind: 'compare', key: KEY, nodes: ['node-1'], profiles: { 'acme-java': '0123abcd' } },
    ]);
    const old = new Map([[KEY, comparison({ at: NOW - 60_000 })]]);
    expect(logic.next(sight(census, { comparisons: old }))).toMatchObject([{ kind: 'compare' }]);
    expect(logic.next(sight(census))).toEqual([]);
  });

  it('asks first for what was never compared, and then for what was longest ago: only a few lists are made in a pass', () => {
    const logic = new Breakers({ ...LIMITS, action: 'stop' });
    const census = censusOf(crash, { ...crash, workload: 'b' }, { ...crash, workload: 'c' });
    const keyOf = (name: string): string => `workload.shop.ReplicaSet.${name}`;
    const comparisons = new Map([
      [KEY, comparison({ at: NOW - 20_000 })],
      [keyOf('b'), comparison({ at: NOW - 60_000 })],
    ]);
    const asked = logic.next(sight(census, { comparisons })).flatMap((step) => ('key' in step ? [step.key] : []));
    expect(asked).toEqual([keyOf('c'), keyOf('b'), KEY]);
  });

  it('that is open is not opened again, unless another version of the agent fails', () => {
    const breakers = keyed(breakerCase());
    expect(opened(afterGrace([crash], { breakers, compared: { withoutRunning: 1 } }))).toBeUndefined();
    const other = { ...crash, hash: '89abcdef' };
    expect(opened(afterGrace([other], { breakers, compared: { withoutRunning: 1 } }))).toMatchObject({
      profiles: { 'acme-java': '89abcdef' },
    });
  });
});

describe('an open breaker', () => {
  const next = (
    census: Census,
    breaker: Breaker,
    given: Parameters<typeof sight>[1] = {},
    action: BreakerAction = 'stop',
  ) => new Breakers({ ...LIMITS, action }).next(sight(census, { breakers: keyed(breaker), ...given }));

  it('is half open after the cooldown, and not before', () => {
    expect(next(censusOf(), breakerCase({ until: NOW + 1 }))).toEqual([]);
    expect(opened(next(censusOf(), breakerCase({ until: NOW })))).toMatchObject({ phase: 'half-open', since: NOW });
  });

  it('that is half open takes the next pod as its trial, and no earlier one', () => {
    const half = breakerCase({ phase: 'half-open', since: NOW - 30_000 });
    expect(next(censusOf({ name: 'old', ageSeconds: 60 }), half)).toEqual([]);
    const census = censusOf({ name: 'old', ageSeconds: 60 }, { name: 'new', ageSeconds: 10 });
    expect(opened(next(census, half))).toMatchObject({ phase: 'half-open', trial: 'shop/new' });
  });

  const trial = breakerCase({ phase: 'half-open', trial: 'shop/new' });
  it('closes when its trial has run for long enough', () => {
    expect(next(censusOf({ name: 'new', ageSeconds: 299 }), trial)).toEqual([]);
    expect(next(censusOf({ name: 'new', ageSeconds: 300 }), trial)).toMatchObject([{ kind: 'close', key: KEY }]);
  });

  it('closes also if its trial has ended once, and has run since for long enough', () => {
    const restarted = (seconds: number) =>
      censusOf({ name: 'new', ageSeconds: 900, app: states.restarted(seconds, 1) });
    expect(next(restarted(299), trial)).toEqual([]);
    expect(next(restarted(300), trial)).toMatchObject([{ kind: 'close', key: KEY }]);
  });

  it('that is half open is forgotten if no pod has tried for a day: its workload may be gone', () => {
    const half = breakerCase({ phase: 'half-open', since: NOW - 24 * HOUR });
    expect(next(censusOf(), { ...half, since: NOW - 23 * HOUR })).toEqual([]);
    expect(next(censusOf(), half)).toMatchObject([{ kind: 'close', key: KEY }]);
  });

  it('opens again for twice the time when its trial fails, up to a day', () => {
    const failed = censusOf({ name: 'new', ageSeconds: 20, ...crash });
    expect(opened(next(failed, trial))).toMatchObject({ phase: 'open', cooldownMs: 2 * HOUR, until: NOW + 2 * HOUR });
    expect(opened(next(failed, trial))).not.toHaveProperty('trial');
    expect(opened(next(failed, { ...trial, cooldownMs: 20 * HOUR }))).toMatchObject({ cooldownMs: 24 * HOUR });
  });

  it('waits for another trial if the pod is gone', () => {
    const again = opened(next(censusOf(), trial));
    expect(again).toMatchObject({ phase: 'half-open' });
    expect(again).not.toHaveProperty('trial');
  });

  it('that is suspected opens if a pod without the agent runs, and is cleared if one fails', () => {
    const suspected = breakerCase({ phase: 'suspected', why: 'x; no pod', since: NOW - 20_000 });
    const compared = (given: Partial<Comparison>) => opened(next(censusOf(crash), suspected, { compared: given }));
    expect(compared({ without: 1 })).toBeUndefined();
    expect(compared({ without: 1, withoutRunning: 1 })?.phase).toBe('open');
    expect(compared({ without: 2, withoutRunning: 1, withoutFailing: 1 })?.phase).toBe('cleared');
  });

  it('that is cleared is closed after the cooldown, and keeps others closed until then', () => {
    const cleared = breakerCase({ phase: 'cleared' });
    expect(next(censusOf(crash), cleared)).toEqual([]);
    expect(next(censusOf(), { ...cleared, until: NOW })).toMatchObject([{ kind: 'close' }]);
  });

  it('does what the action is now, which may be another one than when it opened', () => {
    const reports = breakerCase({ stops: false, since: NOW - 400_000 });
    const compared = { withoutRunning: 1 };
    expect(opened(next(censusOf(crash), reports, { compared }))).toMatchObject({ stops: true, since: NOW });
    expect(opened(next(censusOf(crash), breakerCase(), { compared }, 'report'))).toMatchObject({ stops: false });
    const profile = breakerCase({ namespace: '', workload: '', shown: '', stops: false });
    expect(opened(next(censusOf(), profile))).toMatchObject({ stops: true });
  });

  it('that only reports closes once nothing has failed for a while', () => {
    const reports = breakerCase({ stops: false, since: NOW - 400_000 });
    expect(next(censusOf({}), reports, {}, 'report')).toMatchObject([{ kind: 'close' }]);
    expect(next(censusOf(crash), reports, {}, 'report')).toEqual([]);
  });
});

describe('a breaker of a profile', () => {
  const of = (namespace: string, name: string): Breaker =>
    breakerCase({ namespace, workload: `ReplicaSet/${name}`, shown: `Deployment/${name}` });
  const many = Array.from({ length: 30 }, (_, index) => ({ workload: `w${index}` }));
  const next = (...all: readonly Breaker[]) =>
    new Breakers({ ...LIMITS, action: 'stop' }).next(sight(censusOf(...many), { breakers: keyed(...all) }));

  it('opens with those of three workloads in two namespaces', () => {
    expect(next(of('a', 'x'), of('a', 'y'))).toEqual([]);
    expect(opened(next(of('a', 'x'), of('a', 'y'), of('a', 'z')))).toBeUndefined();
    expect(opened(next(of('a', 'x'), of('a', 'y'), of('b', 'z')))).toMatchObject({
      namespace: '',
      workload: '',
      profiles: { 'acme-java': '0123abcd' },
      phase: 'open',
    });
  });

  it('counts no breaker that is only suspected, and none of another version', () => {
    const others = [
      { ...of('b', 'z'), phase: 'suspected' as const },
      { ...of('b', 'z'), profiles: { 'acme-java': 'ffffffff' } },
    ];
    for (const other of others) expect(opened(next(of('a', 'x'), of('a', 'y'), other))).toBeUndefined();
  });

  it('closes when those of its workloads are half open: while it is open, none of their pods could try', () => {
    const half = { phase: 'half-open', since: NOW, until: NOW } as const;
    const workloads = [of('a', 'x'), of('a', 'y'), of('b', 'z')].map((one) => ({ ...one, ...half }));
    const profile = breakerCase({ namespace: '', workload: '', shown: '', until: NOW });
    expect(next(profile, ...workloads)).toMatchObject([{ kind: 'close', key: 'profile.acme-java' }]);
    expect(next(...workloads)).toEqual([]);
  });

  it('closes when it is over and those of its workloads are closed', () => {
    const profile = breakerCase({ namespace: '', workload: '', shown: '', until: NOW });
    expect(next(profile)).toMatchObject([{ kind: 'close', key: 'profile.acme-java' }]);
    expect(opened(next(profile, of('a', 'x'), of('a', 'y'), of('b', 'z')))?.until).toBeGreaterThan(NOW);
  });
});

describe('evictions', () => {
  const evicted = (logic: Breakers, given: Parameters<typeof sight>[1] = {}, breaker = breakerCase()) =>
    logic
      .next(sight(censusOf({ name: 'a', ...crash }, { name: 'b' }), { breakers: keyed(breaker), ...given }))
      .filter(({ kind }) => kind === 'evict');

  it('are made only where they are asked for, of pods that fail, one in ten seconds', () => {
    expect(evicted(new Breakers({ ...LIMITS, action: 'stop' }))).toEqual([]);
    const logic = new Breakers({ ...LIMITS, action: 'evict' });
    expect(evicted(logic)).toEqual([{ kind: 'evict', namespace: 'shop', pod: 'a', uid: 'uid-a' }]);
    expect(evicted(logic, { now: NOW + 9_000 })).toEqual([]);
    expect(evicted(logic, { now: NOW + 10_000 })).toHaveLength(1);
  });

  it('go on with other pods where one is refused: a budget may never allow it', () => {
    const logic = new Breakers({ ...LIMITS, action: 'evict' });
    const breakers = keyed(breakerCase(), breakerCase({ workload: 'ReplicaSet/other', shown: 'Deployment/other' }));
    const census = censusOf({ name: 'a', ...crash }, { name: 'b', workload: 'other', ...crash });
    const pods = [0, 10_000, 20_000].flatMap((after) =>
      logic
        .next(sight(census, { breakers, now: NOW + after }))
        .flatMap((one) => (one.kind === 'evict' ? [one.pod] : [])),
    );
    expect(pods).toEqual(['a', 'b', 'a']);
  });

  it('wait until each replica of the webhook knows of the breaker, and end with it', () => {
    const logic = new Breakers({ ...LIMITS, action: 'evict' });
    expect(evicted(logic, {}, breakerCase({ since: NOW - 1000 }))).toEqual([]);
    expect(evicted(logic, {}, breakerCase({ phase: 'half-open' }))).toEqual([]);
    expect(evicted(logic, {}, breakerCase({ phase: 'cleared' }))).toEqual([]);
    expect(evicted(logic, {}, breakerCase({ stops: false, since: NOW }))).toEqual([]);
    expect(evicted(logic, {}, breakerCase({ profiles: { 'acme-java': 'ffffffff' } }))).toEqual([]);
  });

  it('are not made of pods that were created after the breaker opened: new ones do not start without the agent', () => {
    const logic = new Breakers({ ...LIMITS, action: 'evict' });
    expect(evicted(logic, {}, breakerCase({ since: NOW - 310_000 }))).toEqual([]);
    expect(evicted(logic, {}, breakerCase({ since: NOW - 299_000 }))).toHaveLength(1);
  });

  it('take one pod of a workload that is only suspected, until it is known whether it runs without', () => {
    const logic = new Breakers({ ...LIMITS, action: 'evict' });
    const suspected = breakerCase({ phase: 'suspected' });
    expect(evicted(logic, { compared: { without: 1 } }, suspected)).toEqual([]);
    expect(evicted(logic, { compared: { without: 0 } }, suspected)).toHaveLength(1);
    const later = { now: NOW + 12_000, compared: { without: 0, at: NOW } };
    expect(evicted(logic, later, suspected)).toEqual([]);
  });
});
