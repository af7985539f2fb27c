import { afterEach, describe, expect, it } from 'vitest';
import type { Namespace, NamespaceLookup } from '../../src/kubernetes/namespace.ts';
import { catalogue, container, namespace, pod } from '../support/fixtures.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import {
  type Answer,
  patchIn,
  reviewOf,
  startServer,
  type TestServer,
  type TestServerOptions,
} from '../support/webhook-server.ts';

// What the API server asks on /mutate/required is required, whatever the cache of namespaces says.

const LABEL = 'agent-injector.io/injection';
const unlabelled: Namespace = { ...namespace(), labels: {} };
const unavailable: NamespaceLookup = { kind: 'unavailable', why: 'planted' };
const labelled = (value: string): object => ({ ...pod(), metadata: { labels: { [LABEL]: value } } });

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(options: TestServerOptions): Promise<TestServer> {
  server = await startServer(options);
  return server;
}

const onRequired = (body: Parameters<TestServer['post']>[0]): Promise<Answer> | undefined =>
  server?.post(body, {}, '/mutate/required?timeout=5s');
const reasonIn = (answer: Answer | undefined): unknown => answer?.json.response.auditAnnotations.reason;

describe('a pod of a namespace', () => {
  it.each<[string, readonly Namespace[], NamespaceLookup, string]>([
    ['that cannot be read', [], unavailable, 'namespace-unavailable'],
    ['that does not exist', [], { kind: 'absent' }, 'namespace-unknown'],
    ['that has no label', [], { kind: 'found', namespace: unlabelled }, 'namespace-not-enabled'],
    ['that had no label, and cannot be read now', [unlabelled], unavailable, 'namespace-unavailable'],
    [
      'that had no label, and has none now',
      [unlabelled],
      { kind: 'found', namespace: unlabelled },
      'namespace-not-enabled',
    ],
    ['that had no label, and does not exist now', [unlabelled], { kind: 'absent' }, 'namespace-unknown'],
    ['that was enabled, and cannot be read now', [namespace()], unavailable, 'namespace-unavailable'],
  ])('%s is refused', async (_, namespaces, latest, code) => {
    await start({ namespaces, lookupLatest: async () => latest, lookup: () => Promise.reject(new Error('not asked')) });
    const answer = await onRequired(reviewOf(pod()));
    expect(answer?.json.response).toMatchObject({ allowed: false, status: { code: 403 } });
    expect(reasonIn(answer)).toBe(code);
  });

  it.each<[string, readonly Namespace[], NamespaceLookup]>([
    ['that is not in the cache yet', [], { kind: 'found', namespace: namespace({}, 'required') }],
    ['that was enabled, and is required now', [namespace()], { kind: 'found', namespace: namespace({}, 'required') }],
    ['that had no label, and is required now', [unlabelled], { kind: 'found', namespace: namespace({}, 'required') }],
    ['that is enabled, as far as anything shows', [namespace()], { kind: 'found', namespace: namespace() }],
  ])('%s is injected', async (_, namespaces, latest) => {
    await start({ namespaces, lookupLatest: async () => latest });
    const answer = await onRequired(reviewOf(pod()));
    expect(answer?.json.response.allowed).toBe(true);
    expect(JSON.stringify(patchIn(answer ?? failed()))).toContain('/netagent');
  });

  it('that is required, or enabled with a pod that is required, is not asked for again', async () => {
    await start({
      namespaces: [namespace(), { ...namespace({}, 'required'), name: 'must' }],
      lookupLatest: () => Promise.reject(new Error('not asked')),
    });
    for (const body of [reviewOf(pod(), { namespace: 'must' }), reviewOf(labelled('required'))])
      expect(patchIn((await onRequired(body)) ?? failed())).not.toEqual([]);
  });

  it('that is enabled is asked for, and what its pod cannot get refuses it', async () => {
    const within = namespace({ 'domain-id': 'x' });
    await start({ namespaces: [within], lookupLatest: async () => ({ kind: 'found', namespace: within }) });
    expect(reasonIn(await onRequired(reviewOf(pod())))).toBe('invalid-value');
    expect((await server?.post(reviewOf(pod())))?.json.response.allowed).toBe(true);
  });
});

describe('a way out', () => {
  const ways = [
    ['the label', labelled('disabled')],
    ['the annotation', pod(undefined, { inject: 'false' })],
  ] as const;

  it.each(ways)('%s works although the namespace cannot be read, with a record', async (_, given) => {
    await start({ lookupLatest: async () => unavailable });
    const answer = (await onRequired(reviewOf(given))) ?? failed();
    expect(answer.json.response).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('required-opt-out: ')],
      auditAnnotations: { reason: 'opted-out', notices: 'required-opt-out' },
    });
    expect(patchIn(answer).map(({ value }) => JSON.stringify(value))).toEqual([expect.stringContaining('opted-out')]);
    const metrics = (await server?.metrics.render()) ?? '';
    expect(metrics).toMatch(/^agent_injector_notices_total\{code="required-opt-out"\} 1$/m);
    // Any caller can make up a name.
    expect(metrics).not.toContain('namespace="shop"');
  });

  it.each(ways)('%s is none if strictRequired is set', async (_, given) => {
    await start({ lookupLatest: async () => unavailable, catalogue: () => ({ ...catalogue, strictRequired: true }) });
    expect(reasonIn(await onRequired(reviewOf(given)))).toBe('namespace-unavailable');
  });
});

it.each([
  ['another resource', { resource: { group: '', resource: 'services' } }, 'not-a-pod'],
  ['an update', { operation: 'UPDATE' }, 'not-a-creation'],
  ['a pod without containers', { object: { spec: { containers: [] } } }, 'malformed-pod'],
  ['no namespace', { namespace: undefined }, 'malformed-pod'],
])('a review of %s is refused', async (_, changes, code) => {
  await start({ namespaces: [namespace({}, 'required')] });
  const answer = await onRequired(reviewOf(pod(), changes));
  expect(answer?.json.response.allowed).toBe(false);
  expect(reasonIn(answer)).toBe(code);
});

it('a body that is not a review gets an HTTP error, for which the API server refuses the pod', async () => {
  await start({});
  expect((await onRequired('{}'))?.status).toBe(400);
});

it('an exception inside refuses the pod', async () => {
  await start({
    namespaces: [namespace({}, 'required')],
    catalogue: () => {
      throw new Error('planted');
    },
  });
  expect(reasonIn(await onRequired(reviewOf(pod())))).toBe('internal-error');
  expect((await onRequired(reviewOf(pod())))?.json.response.allowed).toBe(false);
});

it('known answers of the two paths are kept apart', async () => {
  const within = namespace({ 'domain-id': 'x' });
  await start({ namespaces: [within], lookupLatest: async () => ({ kind: 'found', namespace: within }) });
  const body = reviewText('shop', podOf(1, 1), '00000000-0000-0000-0000-000000000001');
  for (let count = 0; count < 4; count++) expect((await server?.post(body))?.json.response.allowed).toBe(true);
  expect(await server?.metrics.render()).toMatch(/^agent_injector_known_answers_total [1-9]/m);
  for (let count = 0; count < 4; count++) expect((await onRequired(body))?.json.response.allowed).toBe(false);
  const must = { ...namespace({ 'domain-id': 'x' }, 'required'), name: 'must' };
  server?.replace(must);
  const required = reviewText('must', podOf(1, 1), '00000000-0000-0000-0000-000000000002');
  const before = await knownAnswers();
  for (let count = 0; count < 4; count++) expect((await onRequired(required))?.json.response.allowed).toBe(false);
  expect(await knownAnswers()).toBeGreaterThan(before);
});

async function knownAnswers(): Promise<number> {
  return Number(/^agent_injector_known_answers_total (\d+)$/m.exec((await server?.metrics.render()) ?? '')?.[1]);
}

function failed(): never {
  throw new Error('no server');
}

it('a pod that takes the path by its label alone is decided as elsewhere', async () => {
  await start({ namespaces: [namespace()] });
  const broken = { ...labelled('required'), spec: { containers: [container('istio-proxy')] } };
  expect((await server?.post(reviewOf(broken)))?.json.response.allowed).toBe(false);
});
