import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionSummary } from '../../src/admission/decision.ts';
import type { HasMetadata } from '../../src/kubernetes/pod.ts';
import { reasonTable } from '../../src/reasons/reason-table.ts';
import { catalogueWith, container, namespace, pod } from '../support/fixtures.ts';
import { patchIn, reviewOf, startServer, type TestServer } from '../support/webhook-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ namespaces: [namespace()] });
});
afterAll(() => server.close());

describe('a review', () => {
  it('is answered with its uid, a patch and one log line', async () => {
    server.lines.length = 0;
    const answer = await server.post(reviewOf(pod()));
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: '705ab4f5-6393-11e8-b7cc-42010a800002', allowed: true, patchType: 'JSONPatch' },
    });
    expect(patchIn(answer)).toHaveLength(5);
    expect(server.lines).toEqual([
      {
        message: 'decision',
        fields: {
          uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
          namespace: 'shop',
          pod: 'web',
          outcome: 'injected',
          injected: ['web=jennifer-dotnet/persistentVolumeClaim'],
          operations: 5,
          durationMs: expect.any(Number),
        },
      },
    ]);
    expect(await server.metrics.render()).toMatch(/agent_injector_reviews_total\{outcome="injected",reason=""\} [1-9]/);
  });

  it('of the recorded pod is answered in less than 2 KiB, including status and audit annotations', async () => {
    const recorded = JSON.parse(readFileSync(new URL('../e2e/recorded-sample.json', import.meta.url), 'utf8')) as {
      request: { namespace: string };
    };
    const own = await startServer({ namespaces: [{ ...namespace(), name: recorded.request.namespace }] });
    const answer = await own.post(recorded);
    await own.close();
    expect(answer.json.response.auditAnnotations).toEqual({
      decision: 'injected',
      containers: expect.stringMatching(/^net-razor31-sample=jennifer-dotnet@[0-9a-f]{8}$/),
    });
    expect(JSON.stringify(patchIn(answer))).toContain('agent-injector.io/status');
    expect(Buffer.byteLength(answer.text)).toBeLessThan(2048);
  });

  it('has audit annotations also for a dry run', async () => {
    const annotations = { domian: 'x', containers: 'web' };
    const { json } = await server.post(reviewOf(pod(undefined, annotations), { dryRun: true }));
    expect(json.response.auditAnnotations).toMatchObject({ decision: 'injected', notices: 'unknown-annotation' });
  });

  it('is logged with generateName and owner for the pod of a controller', async () => {
    server.lines.length = 0;
    const ownerReferences = [{ kind: 'ReplicaSet', name: 'web-5d', controller: true }];
    await server.post(
      reviewOf(
        { metadata: { generateName: 'web-5d-', ownerReferences }, spec: { containers: [container('web')] } },
        { dryRun: true },
      ),
    );
    expect(server.lines[0]?.fields).toMatchObject({ pod: 'web-5d-*', owner: 'ReplicaSet/web-5d', dryRun: true });
  });

  it('of a pod that cannot be injected is allowed with a warning of at most 256 characters', async () => {
    const answer = await server.post(reviewOf(pod(undefined, { 'domain-id': `4\n${'0'.repeat(300)}` })));
    expect(answer.json.response).toMatchObject({ allowed: true });
    const [warning] = answer.json.response.warnings;
    expect(warning).toContain('invalid-value');
    expect(warning).not.toContain('\n');
    expect(warning.length).toBeLessThanOrEqual(256);
  });

  it('has at most five warnings', async () => {
    const typos = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`typo-${index}`, 'x']));
    const answer = await server.post(reviewOf(pod(undefined, typos)));
    expect(answer.json.response.warnings).toHaveLength(5);
    expect(patchIn(answer)).not.toHaveLength(0);
  });

  it('of a required pod that cannot be injected is refused with reason and hint', async () => {
    const strict = await startServer({ namespaces: [namespace({ 'domain-id': 'x' }, 'required')] });
    const { json } = await strict.post(reviewOf(pod()));
    await strict.close();
    expect(json.response).toEqual({
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      allowed: false,
      status: { code: 403, reason: 'Forbidden', message: expect.any(String) },
      auditAnnotations: {
        decision: 'refused',
        reason: 'invalid-value',
        message: expect.stringContaining('agent-injector.io/domain-id'),
        containers: 'web=jennifer-dotnet:invalid-value',
      },
    });
    const { status, auditAnnotations } = json.response;
    expect(status.message).toContain(
      `${auditAnnotations.message} (invalid-value). ${reasonTable['invalid-value'].hint}`,
    );
  });

  it('of a refusal names the reason, however long its message is', async () => {
    const within = namespace({ 'exclude-deliveries': 'persistentVolumeClaim' }, 'required');
    const strict = await startServer({ namespaces: [within] });
    const { json } = await strict.post(reviewOf(pod()));
    await strict.close();
    const { status, auditAnnotations } = json.response;
    expect(auditAnnotations).toMatchObject({ reason: 'no-fitting-delivery' });
    expect(auditAnnotations.message.length).toBeGreaterThan(400);
    expect(status.message).toContain('… (no-fitting-delivery). ');
    expect(status.message.length).toBeLessThanOrEqual(500);
  });
});

it('a workload that another one controls is answered without a warning, and counts as no decision', async () => {
  const own = await startServer({ namespaces: [namespace()] });
  const request = {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    resource: { group: 'apps', version: 'v1', resource: 'deployments' },
    namespace: 'shop',
    operation: 'UPDATE',
    object: {
      metadata: { name: 'web', ownerReferences: [{ kind: 'Kafka', name: 'web', controller: true }] },
      spec: { template: { spec: { containers: [container('web')] } } },
    },
  };
  const { json } = await own.post({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
  const metrics = await own.metrics.render();
  await own.close();
  expect(json.response).toEqual({ uid: request.uid, allowed: true });
  expect(own.lines).toEqual([]);
  expect(metrics).not.toMatch(/agent_injector_reviews_total\{[^}]*not-a-pod/);
});

describe('a namespace that is not cached', () => {
  it.each([
    ['is looked up', { kind: 'found', namespace: namespace() }, { allowed: true, patchType: 'JSONPatch' }],
    [
      'and does not exist',
      { kind: 'absent' },
      { allowed: true, warnings: [expect.stringContaining('namespace-unknown')] },
    ],
    [
      'and cannot be read',
      { kind: 'unavailable', why: 'no answer in 1 s' },
      { allowed: true, warnings: [expect.stringMatching(/namespace-unavailable: .*: no answer in 1 s$/)] },
    ],
  ] as const)('%s', async (_, lookup, expected) => {
    let deadline = 0;
    const cold = await startServer({ lookup: async (__, ms) => ((deadline = ms), lookup) });
    const { json } = await cold.post(reviewOf(pod()), {}, '/mutate?timeout=2s');
    await cold.close();
    expect(json.response).toMatchObject(expected);
    expect(deadline).toBe(1500);
  });

  it('refuses a required pod when it cannot be read', async () => {
    const cold = await startServer({ lookup: async () => ({ kind: 'unavailable', why: 'no answer' }) });
    const { json } = await cold.post(
      reviewOf({
        metadata: { labels: { 'agent-injector.io/injection': 'required' } },
        spec: { containers: [container('web')] },
      }),
    );
    await cold.close();
    expect(json.response.allowed).toBe(false);
  });
});

describe('an exception inside', () => {
  it('admits the pod unchanged with a warning, and is logged', async () => {
    const broken = await startServer({
      namespaces: [namespace()],
      catalogue: () => {
        throw new Error('planted');
      },
    });
    const { json } = await broken.post(reviewOf(pod()));
    await broken.close();
    expect(json.response).toEqual({
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      allowed: true,
      warnings: [expect.stringContaining('internal-error')],
      auditAnnotations: { decision: 'skipped', reason: 'internal-error', message: expect.any(String) },
    });
    const { err } = broken.lines[0]?.fields ?? {};
    expect(err).toEqual({ type: 'Error', at: expect.arrayContaining([expect.stringContaining('handler.test.ts')]) });
    expect(JSON.stringify(err)).not.toContain('planted');
  });
});

describe('bad input', () => {
  const whole = reviewOf(pod());
  const request = whole['request'] as Record<string, unknown>;
  const without = (key: string) => ({ ...whole, request: { ...request, [key]: undefined } });

  it.each([
    ['invalid JSON', '{', 400, /JSON/],
    ['an empty body', '', 400, /empty/],
    ['null', 'null', 400, /JSON object/],
    ['a list', '[]', 400, /JSON object/],
    ['another kind', { ...whole, kind: 'Pod' }, 400, /"Pod".*AdmissionReview/],
    ['an old version', { ...whole, apiVersion: 'admission.k8s.io/v1beta1' }, 400, /admission\.k8s\.io\/v1/],
    ['no request', { ...whole, request: undefined }, 400, /request/],
    ['no uid', without('uid'), 400, /uid/],
    ['a uid of another type', { ...whole, request: { ...request, uid: 7 } }, 400, /uid/],
    ['a body of 5 MiB', JSON.stringify({ ...whole, padding: 'x'.repeat(5 << 20) }), 413, /4194304 bytes/],
    ['deep nesting', '['.repeat(100_000) + ']'.repeat(100_000), 400, /JSON object/],
    ['brackets that would take half a second to parse', `[${'[],'.repeat(500_000)}0]`, 413, /values/],
    [
      'deep nesting in place of the pod',
      `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","object":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}}`,
      200,
      /Pod/,
    ],
  ])('%s', async (_, body, status, text) => {
    const answer = await server.post(body);
    expect(answer.status).toBe(status);
    expect(answer.json?.response.warnings[0] ?? answer.text).toMatch(text);
  });

  it.each([
    ['another content type', { 'content-type': 'text/plain' }, 'application/json'],
    ['a compressed body', { 'content-encoding': 'gzip' }, '"gzip"'],
  ])('%s is answered with 415', async (_, headers, text) => {
    expect(await server.post(whole, headers)).toMatchObject({ status: 415, text: expect.stringContaining(text) });
  });

  it('another path is answered with 404', async () => {
    expect(await server.post(whole, {}, '/')).toMatchObject({
      status: 404,
      text: expect.stringContaining('POST /mutate'),
    });
  });

  it.each([
    ['another resource', { resource: { group: 'apps', resource: 'replicasets' } }, 'not-a-pod'],
    ['a subresource', { subResource: 'ephemeralcontainers' }, 'not-a-pod'],
    ['no resource', { resource: undefined }, 'not-a-pod'],
    ['an update', { operation: 'UPDATE' }, 'not-a-creation'],
    ['a pod without containers', { object: { spec: { containers: [] } } }, 'malformed-pod'],
    ['a pod without spec', { object: {} }, 'malformed-pod'],
    ['no object', { object: null }, 'malformed-pod'],
    [
      'a numeric value',
      { object: { spec: { containers: [{ name: 'web', env: [{ name: 'A', value: 5000 }] }] } } },
      'malformed-pod',
    ],
    ['no namespace', { namespace: undefined }, 'malformed-pod'],
  ])('%s is allowed, unchanged', async (_, change, reason) => {
    server.lines.length = 0;
    const { status, json } = await server.post(reviewOf(pod(), change));
    expect(status).toBe(200);
    expect(json.response.allowed).toBe(true);
    expect(json.response.patch).toBeUndefined();
    expect(json.response.warnings).toHaveLength(1);
    expect(server.lines[0]?.fields['reason']).toBe(reason);
  });

  it('names the field that makes a pod malformed', async () => {
    const { json } = await server.post(reviewOf({ spec: { containers: [{ name: 'web', env: [{ name: 'A' }, {}] }] } }));
    expect(json.response.warnings).toEqual([
      expect.stringMatching(/malformed-pod: spec\.containers\[0\]\.env\[1\]\.name/),
    ]);
  });

  it('with prototype keys changes nothing but the pod asked for', async () => {
    const body = JSON.stringify(reviewOf(pod())).replace(
      '"spec":',
      '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"spec":',
    );
    const answer = await server.post(body);
    expect(patchIn(answer)).toHaveLength(5);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('3,000 generated bodies give no 500 and no refusal', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('pods', 'CREATE', 'shop', 'web', '__proto__', 'agent-injector.io/inject', 'true'),
    );
    const loose = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        tie('object'),
      ),
      object: fc.dictionary(
        fc.oneof(text, fc.constantFrom('name', 'containers', 'env', 'metadata', 'annotations', 'spec')),
        tie('value'),
        { maxKeys: 4 },
      ),
    })).object;
    const near = fc.record(
      {
        metadata: loose,
        spec: fc.record(
          {
            containers: fc.oneof(
              fc.array(fc.record({ name: text, env: loose, volumeMounts: fc.array(loose) }, { requiredKeys: [] })),
              loose,
            ),
            volumes: loose,
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(
      fc.string(),
      loose.map((value) => JSON.stringify(value)),
      fc.oneof(near, loose).map((object) => JSON.stringify(reviewOf(object))),
      fc
        .record(
          { uid: text, namespace: text, operation: text, resource: loose, object: near },
          { requiredKeys: ['uid'] },
        )
        .map((value) => JSON.stringify({ ...whole, request: value })),
    );
    const bodies = fc.sample(body, { numRuns: 3_000, seed: 20_261_120 });
    const statuses = new Map<number, number>();
    for (let start = 0; start < bodies.length; start += 50) {
      const answers = await Promise.all(bodies.slice(start, start + 50).map((sample) => server.post(sample)));
      for (const { status, json } of answers) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 200) expect(json.response.allowed).toBe(true);
      }
    }
    expect(new Set(statuses.keys())).toEqual(new Set([200, 400]));
    expect(statuses.get(200)).toBeGreaterThan(600);
  }, 60_000);
});

describe('the connection', () => {
  it('is HTTP/1.1 over TLS 1.2 or later', async () => {
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ALPNProtocols: ['h2', 'http/1.1'] });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    expect(socket.alpnProtocol).toBe('http/1.1');
    expect(socket.getProtocol()).toBe('TLSv1.3');
    socket.destroy();
    const old = connect({
      host: '127.0.0.1',
      port: server.port,
      ca: server.ca,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const error = await new Promise((resolve) => old.once('error', resolve));
    expect(String(error)).toMatch(/protocol version|unsupported|alert/i);
  });

  it('stays open longer than the 90 s of the API server, and is closed with each answer while draining', async () => {
    const kept = await server.post(reviewOf(pod()));
    expect(kept.headers['keep-alive']).toBe('timeout=120, max=1000');
    let draining = false;
    const leaving = await startServer({ namespaces: [namespace()], draining: () => draining });
    expect((await leaving.post(reviewOf(pod()))).headers.connection).toBe('keep-alive');
    draining = true;
    const last = await leaving.post(reviewOf(pod()));
    expect(last).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await leaving.close();
  });
});

it('uses the defaults of the current catalogue', async () => {
  const changing = { domain: '1' };
  const live = await startServer({
    namespaces: [namespace()],
    catalogue: () => catalogueWith({ 'domain-id': changing.domain }),
  });
  const domain = async (): Promise<unknown> =>
    JSON.stringify(patchIn(await live.post(reviewOf(pod())))).match(/"ARIES_DOMAIN_ID","value":"(\d+)"/)?.[1];
  expect(await domain()).toBe('1');
  changing.domain = '2';
  expect(await domain()).toBe('2');
  await live.close();
});

describe('decisions for Events', () => {
  it('are reported after the answer, except for dry runs', async () => {
    const reported: string[] = [];
    const onDecision = (name: string, given: HasMetadata, decision: DecisionSummary): void =>
      void reported.push(`${name}/${given.metadata?.name}: ${decision.outcome}`);
    const own = await startServer({ namespaces: [namespace()], onDecision });
    await own.post(reviewOf(pod(), { dryRun: true }));
    await own.post(reviewOf({ ...pod(), metadata: { name: 'second' } }));
    await own.post(reviewOf({}, {}));
    await own.close();
    expect(reported).toEqual(['shop/second: injected']);
  });
});

describe('decisions as metrics', () => {
  const counted = async (own: TestServer, name: string): Promise<readonly string[]> =>
    (await own.metrics.render())
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .map((line) => line.slice(name.length).replaceAll(/="/g, ':').replaceAll(/[{}"]/g, ''));

  it('are counted by namespace, profile, outcome and reason; notices by code', async () => {
    const own = await startServer({ namespaces: [namespace()] });
    await own.post(reviewOf(pod(undefined, { typo: 'x', tipo: 'y' })));
    await own.post(reviewOf(pod(undefined, { 'domain-id': '0' })));
    await own.post(reviewOf(pod(undefined, { inject: 'false' })));
    await own.post(reviewOf(pod(), { namespace: 'made-up' }));
    expect(await counted(own, 'agent_injector_decisions_total')).toEqual([
      'namespace:shop,profile:jennifer-dotnet,outcome:injected,reason: 1',
      'namespace:shop,profile:jennifer-dotnet,outcome:skipped,reason:invalid-value 1',
      'namespace:shop,profile:,outcome:skipped,reason:opted-out 1',
    ]);
    expect(await counted(own, 'agent_injector_notices_total')).toEqual(['code:unknown-annotation 1']);
    await own.close();
  });

  it('name at most two hundred namespaces', async () => {
    const many = Array.from({ length: 205 }, (_, index) => ({ ...namespace(), name: `team-${index}` }));
    const own = await startServer({ namespaces: many });
    for (const { name } of many) await own.post(reviewOf(pod(), { namespace: name }));
    const lines = await counted(own, 'agent_injector_decisions_total');
    await own.close();
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toBe('namespace:other,profile:jennifer-dotnet,outcome:injected,reason: 5');
  });

  it('do not count as injected if the patch is too large', async () => {
    const own = await startServer({ namespaces: [namespace()] });
    const many = Array.from({ length: 600 }, (_, index) => container(`c${index}`));
    const { json } = await own.post(reviewOf(pod(many)));
    expect(json.response.auditAnnotations.containers).not.toContain('@');
    expect(own.lines[0]?.fields['injected']).toBeUndefined();
    expect(await counted(own, 'agent_injector_decisions_total')).toEqual([
      'namespace:shop,profile:jennifer-dotnet,outcome:skipped,reason:patch-too-large 1',
    ]);
    await own.close();
  });
});
