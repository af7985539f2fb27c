import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Claim, unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import { recordLookups } from '../../../src/webhook/answer-cache/lookup-recorder.ts';
import { AnswerCache } from '../../../src/webhook/answer-cache/answer-cache.ts';
import { cacheKey } from '../../../src/webhook/answer-cache/cache-key.ts';
import type { CurrentInputs, DecisionInputs } from '../../../src/webhook/answer-cache/decision-cache.ts';
import { catalogue, catalogueWith, container, namespace, pod } from '../../support/fixtures.ts';
import { waitFor } from '../../support/wait-for.ts';
import { patchIn, reviewOf, startServer, type Answer, type TestServer } from '../../support/webhook-server.ts';

// As with --expose-gc.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const shop = namespace();
const inputs: DecisionInputs = { namespace: shop, catalogue, lookups: recordLookups(unknownCluster) };
const current: CurrentInputs = {
  namespaces: { get: () => shop },
  catalogue: () => catalogue,
  cluster: () => unknownCluster,
};

describe('cached answers', () => {
  it('are found by template while their inputs are unchanged', () => {
    const answers = new AnswerCache<string>();
    answers.store(cacheKey('a'), 'yes', inputs, 3);
    expect([answers.find(cacheKey('a'), current), answers.find(cacheKey('b'), current)]).toEqual(['yes', undefined]);
  });

  it.each<[string, Partial<CurrentInputs>]>([
    ['the namespace has changed', { namespaces: { get: () => namespace() } }],
    ['the namespace is unknown', { namespaces: { get: () => undefined } }],
    ['the catalogue has changed', { catalogue: () => catalogueWith({}) }],
    ['the cluster has changed', { cluster: () => ({ ...unknownCluster, kubernetes: { major: 1, minor: 37 } }) }],
  ])('are not found when %s', (_, other) => {
    const answers = new AnswerCache<string>();
    answers.store(cacheKey('a'), 'yes', inputs, 3);
    expect(answers.find(cacheKey('a'), { ...current, ...other })).toBeUndefined();
  });

  it('keep no earlier catalogue and no earlier namespace in memory', async () => {
    const answers = new AnswerCache<string>();
    const collected: string[] = [];
    const registry = new FinalizationRegistry<string>((what) => void collected.push(what));
    const storeOther = (): void => {
      const other = { namespace: namespace(), catalogue: catalogueWith({}) };
      registry.register(other.catalogue, 'catalogue');
      registry.register(other.namespace, 'namespace');
      answers.store(cacheKey('old catalogue'), 'x', { ...inputs, catalogue: other.catalogue }, 3);
      answers.find(cacheKey('anything'), current);
      answers.store(cacheKey('old namespace'), 'x', { ...inputs, namespace: other.namespace }, 3);
    };
    storeOther();
    await waitFor('both to be collected', () => {
      collectGarbage();
      return collected.length === 2;
    });
    expect(answers.find(cacheKey('old namespace'), current)).toBeUndefined();
  });

  it('are forgotten when they are asked for after a change', () => {
    const answers = new AnswerCache<string>();
    answers.store(cacheKey('a'), 'yes', inputs, 3);
    expect(answers.find(cacheKey('a'), { ...current, namespaces: { get: () => namespace() } })).toBeUndefined();
    expect(answers.find(cacheKey('a'), current)).toBeUndefined();
  });

  it('are replaced by newer ones', () => {
    const answers = new AnswerCache<string>();
    answers.store(cacheKey('a'), 'old', { ...inputs, namespace: namespace() }, 3);
    answers.store(cacheKey('a'), 'new', inputs, 3);
    expect(answers.find(cacheKey('a'), current)).toBe('new');
  });

  it('are never those of another key with the same hash', () => {
    const answers = new AnswerCache<string>();
    const [one, other] = [cacheKey('one'), { ...cacheKey('one'), text: 'other' }];
    answers.store(one, 'of one', inputs, 3);
    expect([answers.find(one, current), answers.find(other, current)]).toEqual(['of one', undefined]);
    answers.store(other, 'of the other', inputs, 3);
    expect([answers.find(one, current), answers.find(other, current)]).toEqual([undefined, 'of the other']);
  });

  it('are evicted if many others are stored and they are not used', () => {
    const answers = new AnswerCache<number>(2000);
    answers.store(cacheKey('used'), 0, inputs, 100);
    answers.store(cacheKey('unused'), 0, inputs, 100);
    for (let index = 1; index <= 50; index++) {
      answers.store(cacheKey(`other ${index}`), index, inputs, 100);
      answers.find(cacheKey('used'), current);
    }
    expect([answers.find(cacheKey('used'), current), answers.find(cacheKey('unused'), current)]).toEqual([
      0,
      undefined,
    ]);
    const kept = Array.from({ length: 50 }, (_, index) => answers.find(cacheKey(`other ${index + 1}`), current));
    expect(kept.filter((answer) => answer !== undefined).length).toBeLessThan(20);
  });

  it('are not stored if they are large, or made from many lookups', () => {
    const answers = new AnswerCache<string>(2000);
    answers.store(cacheKey('large'), 'x', inputs, 300);
    const lookups = recordLookups(unknownCluster);
    for (let index = 0; index < 100; index++) lookups.cluster.configMapKeys('shop', String(index));
    answers.store(cacheKey('lookups'), 'x', { ...inputs, lookups }, 3);
    expect([answers.find(cacheKey('large'), current), answers.find(cacheKey('lookups'), current)]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('a template', () => {
  const texts = Array.from({ length: 1000 }, (_, index) => `${'x'.repeat(3000)}${String(index).repeat(20)}`);

  it('counts as seen from the second time on', () => {
    const answers = new AnswerCache<string>();
    expect(texts.filter((text) => answers.wasSeenBefore(cacheKey(text)))).toHaveLength(0);
    expect(texts.filter((text) => answers.wasSeenBefore(cacheKey(text)))).toHaveLength(texts.length);
  });

  it('counts as seen again after many others', () => {
    const answers = new AnswerCache<string>();
    for (const text of ['repeated', ...texts]) answers.wasSeenBefore(cacheKey(text));
    answers.wasSeenBefore(cacheKey('repeated'));
    expect(answers.wasSeenBefore(cacheKey('repeated'))).toBe(true);
  });
});

describe('a server with cached answers', () => {
  let server: TestServer;
  let claim: Claim | 'absent' = 'absent';
  let defaults = catalogue;
  const reported: string[] = [];
  beforeAll(async () => {
    server = await startServer({
      catalogue: () => defaults,
      cluster: () => ({ ...unknownCluster, claim: () => claim }),
      onDecision: (name, given, decision) => void reported.push(`${name}/${given.metadata?.name}: ${decision.outcome}`),
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.replace(namespace());
    claim = { deleting: false, heldBy: undefined };
    defaults = catalogue;
    server.lines.length = 0;
    reported.length = 0;
  });

  const access = (suffix: string, inside: object = {}): object =>
    pod(
      [container('web', { volumeMounts: [{ name: `kube-api-access-${suffix}`, mountPath: '/var/run' }], ...inside })],
      {},
      {
        volumes: [{ name: `kube-api-access-${suffix}`, projected: {} }],
      },
    );
  const review = (object: object = access('aaaaa'), request: object = {}): Promise<Answer> =>
    server.post(reviewOf(object, { uid: randomUUID(), ...request }));
  const cachedAnswers = async (): Promise<number> =>
    Number(/agent_injector_known_answers_total (\d+)/.exec(await server.metrics.render())?.[1]);

  it('repeats the answer, with its own uid, log line and count', async () => {
    await review(access('ccccc'));
    const before = await cachedAnswers();
    server.lines.length = 0;
    reported.length = 0;
    const first = await review();
    const second = await review(access('bbbbb'), { uid: 'f0e1d2c3-4c53-4b50-a445-000000000000' });
    expect(await cachedAnswers()).toBe(before + 1);
    expect(second.json.response).toEqual({ ...first.json.response, uid: 'f0e1d2c3-4c53-4b50-a445-000000000000' });
    expect(patchIn(second)).toHaveLength(5);
    expect(second.headers['content-type']).toBe('application/json; charset=utf-8');
    const [one, other] = server.lines.map(({ fields }) => ({ ...fields, uid: '', durationMs: 0 }));
    expect(other).toEqual(one);
    expect(server.lines[1]?.fields['uid']).toBe('f0e1d2c3-4c53-4b50-a445-000000000000');
    expect(reported).toEqual(['shop/web: injected', 'shop/web: injected']);
    expect(await server.metrics.render()).toMatch(/agent_injector_reviews_total\{outcome="injected",reason=""\} 3\n/);
  });

  it.each<[string, () => void, string]>([
    ['the namespace has changed', () => server.replace(namespace({ inject: 'false' })), 'opted-out'],
    ['the catalogue has changed', () => (defaults = catalogueWith({ inject: 'false' })), 'opted-out'],
    ['the claim is deleted', () => (claim = 'absent'), 'claim-unusable'],
  ])('decides again when %s', async (_, change, reason) => {
    await review();
    await review();
    expect((await review()).json.response.patchType).toBe('JSONPatch');
    const before = await cachedAnswers();
    expect(before).toBeGreaterThan(0);
    change();
    expect((await review()).json.response.auditAnnotations.reason).toBe(reason);
    expect(await cachedAnswers()).toBe(before);
  });

  it('decides again on another pod, and on a dry run', async () => {
    await review();
    await review();
    const before = await cachedAnswers();
    await review(access('aaaaa', { image: 'other' }));
    await review(access('aaaaa'), { dryRun: true });
    expect(await cachedAnswers()).toBe(before);
  });

  it('does not repeat the name of one pod’s volume to another', async () => {
    const mounted = (suffix: string): object =>
      pod(
        [container('web', { volumeMounts: [{ name: `kube-api-access-${suffix}`, mountPath: '/netagent' }] })],
        {},
        {
          volumes: [{ name: `kube-api-access-${suffix}`, projected: {} }],
        },
      );
    for (const suffix of ['aaaaa', 'bbbbb', 'ccccc']) {
      const answer = await review(mounted(suffix));
      const texts = JSON.stringify([answer.json, patchIn(answer), server.lines.at(-1)]);
      for (const [name] of texts.matchAll(/kube-api-access-\w+/g)) expect(name).toBe(`kube-api-access-${suffix}`);
    }
  });

  it('reports no dry run', async () => {
    await review(access('aaaaa'), { dryRun: true });
    await review(access('bbbbb'), { dryRun: true });
    expect(reported).toEqual([]);
  });
});
