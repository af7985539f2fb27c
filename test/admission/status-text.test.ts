import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import { parseProfile } from '../../src/profiles/parse.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { isInjected, namesIn, readStatus } from '../../src/api/status-annotation.ts';
import {
  catalogue,
  catalogueOf,
  catalogueWith,
  container,
  namespace,
  opened,
  pod,
  profileDocument,
} from '../support/fixtures.ts';

const jennifer = catalogue.profiles.get('jennifer-dotnet');
if (!jennifer) throw new Error('jennifer-dotnet is gone');
const textOf = (given: Pod): string | undefined => given.metadata?.annotations?.['agent-injector.io/status'];

describe('the record on an injected pod', () => {
  it('says profile and version of it, what was changed, and who gave each parameter', () => {
    const both = [container('web'), container('worker', { env: [{ name: 'ARIES_DOMAIN_ID', value: '7' }] })];
    const annotations = { 'server-port': '5001', 'domain-id.agent-injector.io/web': '9' };
    const { pod: after } = admit(pod(both, annotations), namespace(), catalogueWith({ 'claim-name': 'shared' }));
    const from = { namespace: ['server-address'], pod: ['server-port'], cluster: ['claim-name'] };
    const common = {
      profile: 'jennifer-dotnet',
      hash: profileHash(jennifer),
      delivery: 'persistentVolumeClaim',
      mounts: { '/netagent': 'jennifer-dotnet' },
    };
    const set = [
      'CORECLR_ENABLE_PROFILING',
      'CORECLR_PROFILER',
      'CORECLR_PROFILER_PATH',
      'ARIES_SERVER_ADDRESS',
      'ARIES_SERVER_PORT',
    ];
    expect(readStatus(after)).toEqual({
      decision: 'injected',
      reason: undefined,
      message: undefined,
      containers: [
        { ...common, container: 'web', env: [...set, 'ARIES_DOMAIN_ID'], from: { ...from, container: ['domain-id'] } },
        { ...common, container: 'worker', env: set, from: { ...from, profile: ['domain-id'] } },
      ],
      more: 0,
    });
  });

  it('names init container, directories and why a delivery was passed over', () => {
    const settings = { 'agent-image': 'registry.example.com/jennifer:1', delivery: 'initContainer' };
    const { pod: after } = admit(pod(), namespace(settings), opened(catalogue));
    const [line] = readStatus(after)?.containers ?? [];
    expect(line).toMatchObject({
      delivery: 'initContainer',
      init: 'jennifer-dotnet-agent',
      mounts: { '/netagent': 'jennifer-dotnet', '/netagent/logs': 'jennifer-dotnet-netagent-logs' },
    });
  });

  it('stays byte for byte over a second pass, whichever the delivery', () => {
    const known = opened(catalogue);
    for (const delivery of ['persistentVolumeClaim', 'initContainer', 'preinstalled', 'hostPath', 'csi']) {
      const image = { 'agent-image': 'registry.example.com/jennifer:1', 'host-path': '/opt/jennifer' };
      const plain = namespace({ ...image, delivery });
      const within = { ...plain, labels: { ...plain.labels, 'pod-security.kubernetes.io/enforce': 'privileged' } };
      const { pod: once, operations } = admit(pod(), within, known);
      expect(operations.length, delivery).toBeGreaterThan(0);
      expect(admit(once, within, known).operations, delivery).toEqual([]);
      const late = { ...once, spec: { ...once.spec, containers: [...once.spec.containers, container('late')] } } as Pod;
      const { pod: twice } = admit(late, within, known);
      expect(textOf(twice)?.startsWith(textOf(once)?.slice(0, -2) ?? '?'), delivery).toBe(true);
      expect(readStatus(twice)?.containers.filter(isInjected), delivery).toHaveLength(2);
    }
  });

  it('is bounded: details of the first containers, names of twenty, a number for the rest', () => {
    const many = Array.from({ length: 300 }, (_, index) => container(`${'c'.repeat(58)}${index}`));
    const { pod: after } = admit(pod(many), namespace(), catalogue);
    const record = readStatus(after);
    expect(record?.containers).toHaveLength(20);
    expect(record?.more).toBe(280);
    expect(record?.containers[0]).toHaveProperty('from');
    expect(record?.containers[19]).not.toHaveProperty('from');
    // Enough is left to tell that the pod has the agent.
    expect(record?.containers[19]).toMatchObject({
      env: ['CORECLR_ENABLE_PROFILING'],
      mounts: { '/netagent': 'jennifer-dotnet' },
    });
    expect(record?.containers[19]).toMatchObject({ hash: profileHash(jennifer), delivery: 'persistentVolumeClaim' });
    expect(textOf(after)?.length).toBeLessThan(10_000);
    expect(admit(after, namespace(), catalogue).operations).toEqual([]);
  });
});

describe('a record that somebody else wrote', () => {
  const line = { container: 'web', profile: 'p', hash: '00000000', delivery: 'preinstalled' };
  it.each([
    ['no JSON', '{', undefined],
    ['no object', '[]', undefined],
    ['no decision', '{"containers":[]}', undefined],
    ['a decision that is no text', '{"decision":1}', undefined],
    ['more than any record', JSON.stringify({ decision: 'injected', pad: 'x'.repeat(70_000) }), undefined],
    [
      'lines that are none',
      JSON.stringify({ decision: 'injected', containers: [1, null, {}, { container: 'web' }] }),
      [],
    ],
    ['a field that we never write', JSON.stringify({ decision: 'injected', containers: [{ ...line, x: 1 }] }), []],
    ['a hash that is none', JSON.stringify({ decision: 'injected', containers: [{ ...line, hash: 'zz' }] }), []],
    ['control characters', JSON.stringify({ decision: 'injected', containers: [{ ...line, env: 'a\nb' }] }), []],
    ['an injected container', JSON.stringify({ decision: 'injected', containers: [line] }), [line]],
    [
      'a list with control characters',
      JSON.stringify({ decision: 'injected', containers: [{ ...line, env: ['a\nb'] }] }),
      [],
    ],
    [
      'a list that is too long',
      JSON.stringify({ decision: 'injected', containers: [{ ...line, env: ['a'.repeat(600), 'b'.repeat(600)] }] }),
      [],
    ],
    ['no hash', JSON.stringify({ decision: 'injected', containers: [{ ...line, hash: undefined }] }), []],
  ])('%s', (_, status, lines) => {
    expect(readStatus(pod(undefined, { status }))?.containers).toEqual(lines);
  });
});

describe('a status that agent-injector did not write', () => {
  const record = textOf(admit(pod(), namespace(), catalogue).pod) ?? '';
  const named = (env: string): string =>
    JSON.stringify({
      decision: 'injected',
      containers: [
        { container: 'web', profile: 'jennifer-dotnet', hash: profileHash(jennifer), delivery: 'preinstalled', env },
      ],
    });
  const own = container('web', { env: [{ name: 'OWN', value: '1' }] });

  it.each<[string, Parameters<typeof pod>[1], string, string]>([
    ['a copied record, opted out', { inject: 'false' }, record, 'opted-out'],
    ['a copied record, without a profile', { profile: 'none' }, record, 'no-profile'],
    ['a variable of the author, opted out', { inject: 'false' }, named('OWN'), 'opted-out'],
    ['any text, opted out', { inject: 'false' }, 'believe me', 'opted-out'],
    ['a record of nothing, opted out', { inject: 'false' }, '{"decision":"injected","containers":[]}', 'opted-out'],
    ['a copied record, with a problem', { 'domain-id': '0' }, record, 'invalid-value'],
  ])('is replaced: %s', (_, annotations, status, reason) => {
    const { pod: after, decision } = admit(pod([own], { ...annotations, status }), namespace(), catalogue);
    expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: reason } });
    expect(readStatus(after)).toMatchObject({ decision: 'skipped', reason });
    expect(admit(after, namespace(), catalogue).operations).toEqual([]);
    expect(after.spec).toEqual(pod([own]).spec);
  });

  it('is replaced where the namespace is not opted in, and where the patch is discarded', () => {
    const off = { ...namespace(), labels: {} };
    expect(readStatus(admit(pod(undefined, { status: record }), off, catalogue).pod)?.reason).toBe(
      'namespace-not-enabled',
    );
    const many = Array.from({ length: 1_500 }, (_, index) => container(`c-${index}`));
    const { decision, pod: after } = admit(pod(many, { status: record }), namespace(), catalogue);
    expect(decision).toMatchObject({ reason: { code: 'patch-too-large' } });
    expect(readStatus(after)?.reason).toBe('patch-too-large');
  });

  it('is replaced if it says more than the pod bears out', () => {
    const { pod: once } = admit(pod(), namespace(), catalogue);
    for (const lie of [
      `${record} `,
      record.replace('{"decision"', '{"message":"all pods are fine","decision"'),
      record.replace('"containers":[', `"containers":[${JSON.stringify(JSON.parse(named('OWN')).containers[0])},`),
    ]) {
      const given = { ...once, metadata: { ...once.metadata, annotations: { 'agent-injector.io/status': lie } } };
      const { pod: after } = admit(given, namespace(), catalogue);
      expect(textOf(after), lie).not.toBe(lie);
      expect(admit(after, namespace(), catalogue).operations, lie).toEqual([]);
    }
  });

  it('is not the record of an earlier version, whose lists are comma-separated: it stays byte for byte', () => {
    const { pod: once } = admit(pod(), namespace(), catalogue);
    const [written] = readStatus(once)?.containers.filter(isInjected) ?? [];
    if (!written) throw new Error('not injected');
    const from = Object.fromEntries(Object.entries(written.from ?? {}).map(([place, names]) => [place, String(names)]));
    const old = JSON.stringify({ decision: 'injected', containers: [{ ...written, env: String(written.env), from }] });
    expect(old).toContain('CORECLR_ENABLE_PROFILING,CORECLR_PROFILER,');
    const given = pod(once.spec.containers, { status: old }, { volumes: once.spec.volumes });
    const { decision, operations } = admit(given, namespace(), catalogue);
    expect([decision.outcome, operations]).toEqual(['skipped', []]);
    expect(namesIn(readStatus(given)?.containers.find(isInjected)?.env)).toEqual(written.env);
  });

  it('is not the record of an injection, which stays even if the pod is opted out afterwards', () => {
    const { pod: once } = admit(pod(), namespace(), catalogue);
    const annotations = { ...once.metadata?.annotations, 'agent-injector.io/inject': 'false' };
    const given = { ...once, metadata: { ...once.metadata, annotations } };
    const { decision, operations } = admit(given, namespace(), catalogue);
    expect([decision.outcome, operations]).toEqual(['skipped', []]);
  });

  it('is left on a mirror pod, which the kubelet compares', () => {
    const mirror = pod(undefined, { status: record, 'kubernetes.io/config.mirror': 'x' });
    expect(admit(mirror, namespace(), catalogue).operations).toEqual([]);
  });

  it('is emptied where no status fits', () => {
    const full = pod(undefined, { status: record, inject: 'false', 'team.example.com/notes': 'x'.repeat(260_000) });
    const { pod: after } = admit(full, namespace(), catalogue);
    expect(textOf(after)).toBe('');
    expect(admit(after, namespace(), catalogue).operations).toEqual([]);
  });
});

describe('annotations that are nearly full', () => {
  it.each([245_000, 255_000, 259_000, 260_500, 261_000, 261_500, 261_800, 262_000, 262_100])(
    'are no defect: %i bytes',
    (size) => {
      for (const settings of [{}, { inject: 'false' }, { 'domain-id': '0' }]) {
        const given = pod(undefined, { ...settings, 'team.example.com/notes': 'x'.repeat(size - 100) });
        const { decision, pod: after } = admit(given, namespace(), catalogue);
        expect(decision.outcome === 'injected' ? '' : decision.reason.code).not.toBe('rule-broken');
        expect(admit(after, namespace(), catalogue).operations).toEqual([]);
      }
    },
  );

  it('are a reason not to inject a profile that needs an annotation', () => {
    const files = [{ path: '/etc/a.conf', content: 'x'.repeat(1_000) }];
    const known = catalogueOf(profileDocument({ environment: [{ name: 'A', value: '1' }], files }));
    const given = pod(undefined, { 'team.example.com/notes': 'x'.repeat(261_500) });
    const { decision, pod: after } = admit(given, namespace(), known);
    expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: 'annotations-full' } });
    expect(after).toBe(given);
  });
});

describe('the hash of a profile', () => {
  const documentWith = (change: object, spec: object = {}): unknown => ({
    apiVersion: 'agent-injector.io/v1alpha1',
    kind: 'AgentProfile',
    metadata: { name: 'probe' },
    spec: {
      vendor: 'V',
      description: 'one',
      sources: ['none'],
      constraints: { os: ['linux'] },
      parameters: [{ name: 'port', type: 'port', default: 1, description: 'one', ...change }],
      deliveries: [{ preinstalled: {} }],
      environment: [{ name: 'PORT', value: '${port}' }],
      ...spec,
    },
  });
  const hashOf = (document: unknown): string => {
    const read = parseProfile(document);
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    return profileHash(read.value);
  };
  const plain = hashOf(documentWith({}));

  it('is eight hex digits, the same each time', () => {
    expect(plain).toMatch(/^[0-9a-f]{8}$/);
    expect(hashOf(documentWith({}))).toBe(plain);
  });

  it.each([
    ['the description of a parameter', { description: 'two' }, {}],
    ['description, vendor and documentation', {}, { description: 'two', vendor: 'W', documentation: 'https://x' }],
    ['sources', {}, { sources: ['a'] }],
    ['an advisory', {}, { advisories: [{ code: 'a', match: [{ image: '*' }], message: 'm' }] }],
    [
      'a test',
      {},
      { tests: [{ name: 't', pod: { spec: { containers: [{ name: 'a' }] } }, expect: { outcome: 'injected' } }] },
    ],
  ])('does not change with %s', (_, change, spec) => {
    expect(hashOf(documentWith(change, spec))).toBe(plain);
  });

  it.each([
    ['a default', { default: 2 }, {}],
    ['who may set a parameter', { settableBy: ['cluster'] }, {}],
    ['a value', {}, { environment: [{ name: 'PORT', value: '${port}1' }] }],
    ['a constraint', {}, { constraints: { os: ['linux'], arch: ['arm64'] } }],
    ['a conflict', {}, { conflicts: [{ code: 'a', match: [{ image: '*' }], message: 'm' }] }],
    ['a delivery', {}, { deliveries: [{ name: 'in-the-image', preinstalled: {} }] }],
  ])('changes with %s', (_, change, spec) => {
    expect(hashOf(documentWith(change, spec))).not.toBe(plain);
  });

  it('differs between all built-in profiles', () => {
    const all: readonly Profile[] = [...catalogue.profiles.values()];
    expect(new Set(all.map(profileHash)).size).toBe(all.length);
  });
});
