import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Claim, unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import { recordLookups } from '../../../src/webhook/answer-cache/consulted-cluster.ts';
import { type AnswerInputs, AnswerCache, type CurrentInputs } from '../../../src/webhook/answer-cache/answer-cache.ts';
import { catalogue, catalogueWith, container, namespace, pod } from '../../support/fixtures.ts';
import { patchIn, reviewOf, startServer, type Answer, type TestServer } from '../../support/webhook-server.ts';

const shop = namespace();
const grounds: AnswerInputs = { namespace: shop, catalogue, consulted: recordLookups(unknownCluster) };
const present: CurrentInputs = { namespace: () => shop, catalogue: () => catalogue, cluster: () => unknownCluster };

describe('known answers', () => {
  it('are found by their template, on the same grounds', () => {
    const answers = new AnswerCache<string>();
    answers.store('a', 'yes', grounds, 3);
    expect([answers.find('a', present), answers.find('b', present)]).toEqual(['yes', undefined]);
  });

  it.each<[string, Partial<CurrentInputs>]>([
    ['the namespace is another', { namespace: () => namespace() }],
    ['the namespace is not known any more', { namespace: () => undefined }],
    ['profiles were exchanged', { catalogue: () => catalogueWith({}) }],
    ['the cluster is another', { cluster: () => ({ ...unknownCluster, kubernetes: { major: 1, minor: 37 } }) }],
  ])('are not found when %s', (_, other) => {
    const answers = new AnswerCache<string>();
    answers.store('a', 'yes', grounds, 3);
    expect(answers.find('a', { ...present, ...other })).toBeUndefined();
  });

  it('are replaced by newer ones', () => {
    const answers = new AnswerCache<string>();
    answers.store('a', 'old', { ...grounds, namespace: namespace() }, 3);
    answers.store('a', 'new', grounds, 3);
    expect(answers.find('a', present)).toBe('new');
  });

  it('are forgotten when they were not asked for while many others came, and kept when they were', () => {
    const answers = new AnswerCache<number>(1000);
    answers.store('asked for', 0, grounds, 100);
    answers.store('left alone', 0, grounds, 100);
    for (let index = 1; index <= 50; index++) {
      answers.store(`other ${index}`, index, grounds, 100);
      answers.find('asked for', present);
    }
    expect([answers.find('asked for', present), answers.find('left alone', present)]).toEqual([0, undefined]);
    const kept = Array.from({ length: 50 }, (_, index) => answers.find(`other ${index + 1}`, present));
    expect(kept.filter((one) => one !== undefined).length).toBeLessThan(20);
  });

  it('are not kept where one is most of what there is room for, or many facts were asked for', () => {
    const answers = new AnswerCache<string>(1000);
    answers.store('large', 'x', grounds, 300);
    const consulted = recordLookups(unknownCluster);
    for (let index = 0; index < 100; index++) consulted.facts.configMapKeys('shop', String(index));
    answers.store('asks', 'x', { ...grounds, consulted }, 3);
    expect([answers.find('large', present), answers.find('asks', present)]).toEqual([undefined, undefined]);
  });
});

describe('what is worth keeping', () => {
  const texts = Array.from({ length: 1000 }, (_, index) => `${'x'.repeat(3000)}${String(index).repeat(20)}`);

  it('is what is asked for the second time', () => {
    const answers = new AnswerCache<string>();
    expect(texts.filter((text) => answers.isWanted(text))).toHaveLength(0);
    // Two may have one place, and drive each other out of it.
    expect(texts.filter((text) => answers.isWanted(text)).length).toBeGreaterThan(900);
  });

  it('is what comes after many others, too, and then again', () => {
    const answers = new AnswerCache<string>();
    for (const text of ['asked for', ...texts]) answers.isWanted(text);
    answers.isWanted('asked for');
    expect(answers.isWanted('asked for')).toBe(true);
  });
});

describe('a server that knows answers', () => {
  let server: TestServer;
  let claim: Claim | 'absent' = 'absent';
  let defaults = catalogue;
  const told: string[] = [];
  beforeAll(async () => {
    server = await startServer({
      catalogue: () => defaults,
      cluster: () => ({ ...unknownCluster, claim: () => claim }),
      decided: (name, given, decision) => void told.push(`${name}/${given.metadata?.name}: ${decision.outcome}`),
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.replace(namespace());
    claim = { deleting: false, heldBy: undefined };
    defaults = catalogue;
    server.lines.length = 0;
    told.length = 0;
  });

  const access = (suffix: string, inside: object = {}): object =>
    pod(
      [container('web', { volumeMounts: [{ name: `kube-api-access-${suffix}`, mountPath: '/var/run' }], ...inside })],
      {},
      {
        volumes: [{ name: `kube-api-access-${suffix}`, projected: {} }],
      },
    );
  const ask = (object: object = access('aaaaa'), request: object = {}): Promise<Answer> =>
    server.post(reviewOf(object, { uid: randomUUID(), ...request }));
  const recalled = async (): Promise<number> =>
    Number(/agent_injector_known_answers_total (\d+)/.exec(await server.metrics.render())?.[1]);

  it('gives them again, each with its own uid, log line and count', async () => {
    await ask(access('ccccc'));
    const before = await recalled();
    server.lines.length = 0;
    told.length = 0;
    const first = await ask();
    const second = await ask(access('bbbbb'), { uid: 'f0e1d2c3-4c53-4b50-a445-000000000000' });
    expect(await recalled()).toBe(before + 1);
    expect(second.json.response).toEqual({ ...first.json.response, uid: 'f0e1d2c3-4c53-4b50-a445-000000000000' });
    expect(patchIn(second)).toHaveLength(4);
    expect(second.headers['content-type']).toBe('application/json; charset=utf-8');
    const [one, other] = server.lines.map(({ fields }) => ({ ...fields, uid: '', durationMs: 0 }));
    expect(other).toEqual(one);
    expect(server.lines[1]?.fields['uid']).toBe('f0e1d2c3-4c53-4b50-a445-000000000000');
    expect(told).toEqual(['shop/web: injected', 'shop/web: injected']);
    expect(await server.metrics.render()).toMatch(/agent_injector_reviews_total\{outcome="injected",reason=""\} 3\n/);
  });

  it.each<[string, () => void, string]>([
    ['the namespace is changed', () => server.replace(namespace({ inject: 'false' })), 'opted-out'],
    ['the profiles are exchanged', () => (defaults = catalogueWith({ inject: 'false' })), 'opted-out'],
    ['the claim goes', () => (claim = 'absent'), 'claim-unusable'],
  ])('decides anew when %s', async (_, change, reason) => {
    await ask();
    await ask();
    expect((await ask()).json.response.patchType).toBe('JSONPatch');
    const before = await recalled();
    expect(before).toBeGreaterThan(0);
    change();
    expect((await ask()).json.response.auditAnnotations.reason).toBe(reason);
    expect(await recalled()).toBe(before);
  });

  it('decides anew of another pod', async () => {
    await ask();
    await ask();
    const before = await recalled();
    await ask(access('aaaaa', { image: 'other' }));
    await ask(access('aaaaa'), { dryRun: true });
    expect(await recalled()).toBe(before);
  });

  it('does not give the name of one pod’s volume to another', async () => {
    const mounted = (suffix: string): object =>
      pod(
        [container('web', { volumeMounts: [{ name: `kube-api-access-${suffix}`, mountPath: '/netagent' }] })],
        {},
        {
          volumes: [{ name: `kube-api-access-${suffix}`, projected: {} }],
        },
      );
    for (const suffix of ['aaaaa', 'bbbbb', 'ccccc']) {
      const answer = await ask(mounted(suffix));
      const said = JSON.stringify([answer.json, patchIn(answer), server.lines.at(-1)]);
      for (const [name] of said.matchAll(/kube-api-access-\w+/g)) expect(name).toBe(`kube-api-access-${suffix}`);
    }
  });

  it('tells of no dry run', async () => {
    await ask(access('aaaaa'), { dryRun: true });
    await ask(access('bbbbb'), { dryRun: true });
    expect(told).toEqual([]);
  });
});
