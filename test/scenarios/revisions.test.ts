import { afterEach, describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { readStatus } from '../../src/api/status-annotation.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { type Catalogue, withDefaults } from '../../src/profiles/catalogue.ts';
import { catalogue, catalogueOf, namespace, pod, profileDocument } from '../support/fixtures.ts';
import { reviewOf, startServer, type TestServer } from '../support/webhook-server.ts';

// Several releases in one cluster: each serves the namespaces of its revision.

const REVISION = 'agent-injector.io/revision';
const within = (revision?: string, label = 'enabled'): Namespace => {
  const plain = namespace({}, label);
  return revision === undefined ? plain : { ...plain, labels: { ...plain.labels, [REVISION]: revision } };
};
const release = (revision?: string): Catalogue => (revision === undefined ? catalogue : { ...catalogue, revision });
const statusOf = (one: Pod): string | undefined => one.metadata?.annotations?.['agent-injector.io/status'];

describe('a release', () => {
  it.each([
    [undefined, undefined, true],
    ['canary', 'canary', true],
    [undefined, 'canary', false],
    ['canary', undefined, false],
    ['canary', 'stable', false],
    [undefined, '', false],
  ])('with revision %s serves a namespace with the label %s: %s', (revision, label, isServed) => {
    const { decision, operations } = admit(pod(), within(label), release(revision));
    if (isServed) expect(decision.outcome).toBe('injected');
    else expect([decision, operations]).toMatchObject([{ reason: { code: 'other-revision', label, revision } }, []]);
    const required = admit(pod(), within(label, 'required'), release(revision)).decision.outcome;
    expect(required).toBe(isServed ? 'injected' : 'refused');
  });

  it('leaves the record of the release that serves the namespace as it is', () => {
    const served = admit(pod(), within('canary'), release('canary')).pod;
    const forged = pod(undefined, { status: 'of another release' });
    for (const given of [served, forged]) expect(admit(given, within('canary'), release()).operations).toEqual([]);
  });
});

describe('of two releases that are called for the same pods', () => {
  // Both use the slot of the CLR's profiler, each with a profile that the other does not have.
  const clr = (name: string): Catalogue => {
    const variables = { CORECLR_ENABLE_PROFILING: '1', CORECLR_PROFILER: '{11111111-2222-3333-4444-555555555555}' };
    const environment = Object.entries(variables).map(([variable, value]) => ({ name: variable, value }));
    const spec = { environment, slots: ['clr-profiler'], deliveries: [{ image: { reference: 'r/a:1' } }] };
    return catalogueOf(profileDocument(spec, name));
  };
  const cluster = { kubernetes: { major: 1, minor: 36 }, configMapKeys: () => undefined };

  it.each([
    ['has no profile', withDefaults(catalogue, [['profile', 'none']])],
    ['wants the same place for its agent', catalogue],
    ['misses a parameter', withDefaults(catalogue, [['profile', 'opentelemetry-java']])],
  ])('the first keeps the record of the second although it %s', (_, first) => {
    const injected = admit(pod(), namespace(), clr('theirs'), cluster).pod;
    expect(readStatus(injected)?.decision).toBe('injected');
    const again = admit(injected, namespace(), first, cluster);
    expect(again.decision.outcome).toBe('skipped');
    expect(statusOf(again.pod)).toBe(statusOf(injected));
  });

  it('a record that the pod does not bear out is replaced, whatever its profile', () => {
    const record = statusOf(admit(pod(), namespace(), clr('theirs'), cluster).pod) ?? '';
    const { pod: after } = admit(pod(undefined, { status: record, 'domain-id': '0' }), namespace(), catalogue, cluster);
    expect(readStatus(after)).toMatchObject({ decision: 'skipped', reason: 'invalid-value' });
  });
});

describe('on the path for required pods', () => {
  let server: TestServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const ask = async (cached: Namespace, latest: Namespace | undefined, given: object = pod()) => {
    server = await startServer({
      namespaces: [cached],
      catalogue: () => release('canary'),
      lookupLatest: async () =>
        latest ? { kind: 'found', namespace: latest } : { kind: 'unavailable', why: 'planted' },
    });
    const { response } = (await server.post(reviewOf(given), {}, '/mutate/required?timeout=5s')).json;
    return { allowed: response.allowed, reason: response.auditAnnotations.reason };
  };

  it('a namespace that has just got the revision is asked for again', async () => {
    expect(await ask(within(undefined, 'required'), within('canary', 'required'))).toMatchObject({ allowed: true });
    expect(await ask(within(undefined, 'required'), within(undefined, 'required'))).toMatchObject({
      allowed: false,
      reason: 'other-revision',
    });
  });

  it('a pod can opt out although the namespace cannot be read', async () => {
    const given = pod(undefined, { inject: 'false' });
    expect(await ask(within(undefined, 'required'), undefined, given)).toEqual({ allowed: true, reason: 'opted-out' });
  });
});
