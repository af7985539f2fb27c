import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { Audit, type AuditReport } from '../../src/diagnostics/audit.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { parseProfile } from '../../src/profiles/parse.ts';
import { catalogue, container, namespace, pod, profileDocument } from '../support/fixtures.ts';

const shop = namespace({ 'domain-id': '7' });
const called = (name: string, one: Namespace = shop): Namespace => ({ ...one, name });
const injected = (one: Pod, within: Namespace): Pod => admit(one, within, catalogue).pod;

/** The pod with the metadata of a pod of a Deployment. */
function ofDeployment(name: string, one: Pod): Pod {
  const owner = { kind: 'ReplicaSet', name: `${name}-5d4f`, controller: true };
  const metadata = {
    ...one.metadata,
    name: `${name}-5d4f-1`,
    labels: { 'pod-template-hash': '5d4f' },
    ownerReferences: [owner],
  };
  return { ...one, metadata };
}

function auditOf(
  pods: readonly (readonly [Pod, string])[],
  namespaces: readonly Namespace[],
  claims?: readonly string[],
): AuditReport {
  const audit = new Audit({
    catalogueOf: () => catalogue,
    namespaces: new Map(namespaces.map((one) => [one.name, one])),
    claims: claims && new Set(claims),
  });
  for (const [one, name] of pods) audit.add(one, name, unknownCluster);
  return audit.report();
}

const restart = 'kubectl -n shop rollout restart deployment/web';

describe('an audit', () => {
  it('finds nothing if all pods are as expected', () => {
    const one = ofDeployment('web', injected(pod(), shop));
    expect(auditOf([[one, 'shop']], [shop], ['shop/my-agent-file'])).toEqual({
      pods: 1,
      carrying: 1,
      undecided: 0,
      findings: [],
      more: 0,
    });
  });

  it('does not look at pods of namespaces that another release serves', () => {
    const other = { ...shop, labels: { ...shop.labels, 'agent-injector.io/revision': 'canary' } };
    const report = auditOf([[ofDeployment('web', pod()), 'shop']], [other]);
    expect(report).toEqual({ pods: 0, carrying: 0, undecided: 0, findings: [], more: 0 });
  });

  it('counts the pods of a workload that should carry an agent, and names the command', () => {
    const one = ofDeployment('web', pod());
    const { findings, carrying } = auditOf(
      [
        [one, 'shop'],
        [one, 'shop'],
      ],
      [shop],
    );
    expect(carrying).toBe(0);
    expect(findings).toEqual([
      {
        kind: 'expected-not-injected',
        namespace: 'shop',
        workload: 'Deployment/web',
        pods: 2,
        message: expect.stringContaining('jennifer-dotnet'),
        fix: restart,
      },
    ]);
  });

  it('reports pods that cannot be injected, but not pods in namespaces that are not opted in, or that have ended', () => {
    const foreign = pod([
      container('web', { env: [{ name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' }] }),
    ]);
    const ended = { ...pod(), status: { phase: 'Succeeded' } };
    const report = auditOf(
      [
        [foreign, 'shop'],
        [pod(), 'off'],
        [ended, 'shop'],
      ],
      [shop, called('off', namespace({}, 'no'))],
    );
    expect(report.findings).toMatchObject([{ kind: 'cannot-be-injected', workload: 'Pod/web' }]);
    expect(report.findings[0]?.message).toContain('(foreign-profiler)');
  });

  it('finds two agents in one process, whether the pod has a record of the injection or not', () => {
    const hook = { name: 'DOTNET_STARTUP_HOOKS', value: '/otel/OpenTelemetry.AutoInstrumentation.StartupHook.dll' };
    const one = injected(pod([container('web'), container('api')]), shop);
    const [web, ...others] = one.spec.containers;
    const shared = {
      ...one,
      spec: { ...one.spec, containers: [{ ...web, name: 'web', env: [...(web?.env ?? []), hook] }, ...others] },
    };
    const { metadata, ...bare } = shared;
    const report = auditOf(
      [
        [ofDeployment('web', shared), 'shop'],
        [ofDeployment('bare', { ...bare, metadata: {} }), 'shop'],
      ],
      [shop],
    );
    const finding = { kind: 'slot-shared', message: expect.stringMatching(/^web: .*OpenTelemetry \.NET/) };
    expect(metadata).toBeDefined();
    expect(report.findings).toMatchObject([
      { ...finding, workload: 'Deployment/web' },
      { ...finding, workload: 'Deployment/bare' },
    ]);
  });

  it('names workloads whose pods are refused, where injection is on', () => {
    const audit = new Audit({
      catalogueOf: () => catalogue,
      namespaces: new Map([shop, called('off', namespace({}, 'no'))].map((one) => [one.name, one])),
      claims: undefined,
    });
    for (const name of ['shop', 'off', 'unknown'])
      audit.addUncreated({ namespace: name, workload: 'Deployment/web', message: 'image is not a volume type' });
    expect(audit.report().findings).toEqual([
      {
        kind: 'not-created',
        namespace: 'shop',
        workload: 'Deployment/web',
        pods: 0,
        message: 'image is not a volume type',
      },
    ]);
  });

  it('recognizes an outdated agent by its hash, and an agent in a namespace that is not opted in', () => {
    const one = ofDeployment('web', injected(pod(), shop));
    const text = one.metadata?.annotations?.['agent-injector.io/status'] ?? '';
    const before = text.replace(/"hash":"[0-9a-f]{8}"/, '"hash":"00000000"');
    expect(before).not.toBe(text);
    const old: Pod = { ...one, metadata: { ...one.metadata, annotations: { 'agent-injector.io/status': before } } };
    expect(auditOf([[old, 'shop']], [shop]).findings).toMatchObject([{ kind: 'outdated', fix: restart }]);
    const off = { ...shop, labels: {} };
    expect(auditOf([[one, 'shop']], [off]).findings).toMatchObject([{ kind: 'namespace-off', fix: restart }]);
  });

  it('believes a record only if the pod bears it out', () => {
    const status = injected(pod(), shop).metadata?.annotations?.['agent-injector.io/status'] ?? '';
    const optedOut = ofDeployment('out', pod(undefined, { inject: 'false', status }));
    const bare = ofDeployment('bare', pod(undefined, { status }));
    const { carrying, findings } = auditOf(
      [
        [optedOut, 'shop'],
        [bare, 'shop'],
      ],
      [shop],
    );
    expect(carrying).toBe(0);
    expect(findings.map(({ kind, workload }) => [workload, kind])).toEqual([
      ['Deployment/out', 'record-unproven'],
      ['Deployment/bare', 'record-unproven'],
      ['Deployment/bare', 'expected-not-injected'],
    ]);
  });

  it.each<[string, (one: Pod) => Pod]>([
    [
      'a variable',
      ({ spec, ...rest }) => ({
        ...rest,
        spec: { ...spec, containers: [container('web', { ...spec.containers[0], env: [] })] },
      }),
    ],
    [
      'a mount',
      ({ spec, ...rest }) => ({
        ...rest,
        spec: { ...spec, containers: [container('web', { ...spec.containers[0], volumeMounts: [] })] },
      }),
    ],
    ['a volume', ({ spec, ...rest }) => ({ ...rest, spec: { ...spec, volumes: [] } })],
    ['a container', ({ spec, ...rest }) => ({ ...rest, spec: { ...spec, containers: [container('other')] } })],
  ])('does not believe a record if %s that it names is missing', (_, without) => {
    const { carrying, findings } = auditOf([[without(injected(pod(), shop)), 'shop']], [shop]);
    expect(carrying).toBe(0);
    expect(findings[0]).toMatchObject({ kind: 'record-unproven' });
  });

  it('reports missing claims if claims can be read', () => {
    const one = ofDeployment('web', injected(pod(), shop));
    expect(auditOf([[one, 'shop']], [shop], []).findings).toMatchObject([
      { kind: 'claim-missing', message: expect.stringMatching(/my-agent-file.* shop$/) },
    ]);
    expect(auditOf([[one, 'shop']], [shop]).findings).toEqual([]);
  });

  it('reports a domain that two namespaces share on one server, and one that is nearly full', () => {
    const other = called('other');
    const elsewhere = {
      ...other,
      annotations: { ...other.annotations, 'agent-injector.io/server-address': 'b.example.com' },
    };
    const inShop = ofDeployment('web', injected(pod(), shop));
    const inOther = ofDeployment('web', injected(pod(), other));
    expect(
      auditOf(
        [
          [inShop, 'shop'],
          [inOther, 'other'],
        ],
        [shop, other],
      ).findings,
    ).toMatchObject([{ kind: 'value-shared', pods: 2, message: expect.stringContaining('other, shop') }]);
    const apart = auditOf(
      [
        [inShop, 'shop'],
        [ofDeployment('web', injected(pod(), elsewhere)), 'other'],
      ],
      [shop, elsewhere],
    );
    expect(apart.findings).toEqual([]);
    const many = auditOf(
      Array.from({ length: 90 }, () => [inShop, 'shop'] as const),
      [shop],
    );
    expect(many.findings).toMatchObject([{ kind: 'value-crowded', pods: 90 }]);
    expect(
      auditOf(
        Array.from({ length: 89 }, () => [inShop, 'shop'] as const),
        [shop],
      ).findings,
    ).toEqual([]);
  });
});

it('a value can only be unique within parameters that there are', () => {
  const parameter = { name: 'domain', type: 'port', description: '-', unique: { by: 'namespace', within: ['sever'] } };
  const read = parseProfile(profileDocument({ parameters: [parameter] }));
  expect(read).toMatchObject({
    ok: false,
    error: [{ path: ['spec', 'parameters', 0, 'unique', 'within'] }],
  });
});

describe('what a user wrote and has no effect', () => {
  const typo = { ...pod(), metadata: { ...pod().metadata, annotations: { 'agent-injector.io/domian-id': '7' } } };

  it.each([
    ['a pod without an agent', typo],
    ['a pod that carries one', injected(typo, shop)],
  ])('is found on %s', (_, one) => {
    const { findings } = auditOf([[ofDeployment('web', one), 'shop']], [shop]);
    expect(findings.filter(({ kind }) => kind === 'setting-ignored')).toMatchObject([
      { workload: 'Deployment/web', reason: 'unknown-annotation', message: expect.stringContaining('domain-id') },
    ]);
  });
});

it('a finding has the reason of the decision', () => {
  const { findings } = auditOf([[ofDeployment('web', pod()), 'shop']], [{ ...shop, annotations: {} }]);
  expect(findings).toMatchObject([{ kind: 'cannot-be-injected', reason: 'missing-parameter' }]);
});

it('a misspelled namespace is a finding', () => {
  const audit = new Audit({ catalogueOf: () => catalogue, namespaces: new Map(), claims: undefined });
  audit.addMislabelled({ namespace: 'shop', message: 'm', fix: 'kubectl' });
  expect(audit.report().findings).toEqual([
    {
      kind: 'namespace-mislabelled',
      namespace: 'shop',
      pods: 0,
      reason: 'namespace-not-enabled',
      message: 'm',
      fix: 'kubectl',
    },
  ]);
});
