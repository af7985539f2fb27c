import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import type { Level } from '../../src/api/keys.ts';
import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import { explain } from '../../src/diagnostics/explanation.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import { readWithBuiltIn } from '../../src/profile-sources/builtin-documents.ts';
import { type Catalogue, withDefaults, withTenancy } from '../../src/profiles/catalogue.ts';
import { STRICT } from '../../src/profiles/tenancy/policy.ts';
import { catalogue, container, plainNamespace, pod } from '../support/fixtures.ts';
import { complete, type Complete, missing, partly, UPGRADE } from '../support/operator-situations.ts';

// Who comes from the OpenTelemetry Operator gets the same with the built-in profiles and annotations alone: no profile of one's own.

const FOLDERS = 32;

function podOf({ profile, pod: annotations = {}, deployment, containers, initContainers = [] }: Complete): Pod {
  const spec = initContainers.length === 0 ? {} : { initContainers: initContainers.map((name) => container(name)) };
  const given = pod(
    containers.map((name) => container(name)),
    { profile, ...annotations },
    spec,
  );
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: `${deployment}-5d4f8c7b9`,
    uid: 'u',
    controller: true,
  };
  return {
    ...given,
    metadata:
      deployment === undefined
        ? { ...given.metadata, name: 'job' }
        : { ...given.metadata, ownerReferences: [owner], labels: { 'pod-template-hash': '5d4f8c7b9' } },
  };
}

function named({ spec }: Pod, name: string): Container {
  const found = [...spec.containers, ...(spec.initContainers ?? [])].find((one) => one.name === name);
  assert(found, `no container ${name}`);
  return found;
}

function attributesOf({ env }: Container): ReadonlyMap<string, string> {
  const pairs = env?.find(({ name }) => name === 'OTEL_RESOURCE_ATTRIBUTES')?.value?.split(',') ?? [];
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

function verify(situation: Complete): void {
  const { namespace, expected, untouched = [], opens = [], deployment, delivery = 'initContainer' } = situation;
  const settableBy = new Map(opens.map((name): [string, readonly Level[]] => [name, ['cluster', 'namespace']]));
  const known = withTenancy(catalogue, { ...STRICT, settableBy });
  const given = podOf(situation);
  const place = plainNamespace(namespace);
  const { decision, pod: after } = admit(given, place, known);
  expect(decision.notices).toEqual([]);
  expect(admit(after, place, known).operations).toEqual([]);
  for (const { container: name, loads = {}, values, serviceName, mount } of expected) {
    const patched = named(after, name);
    const env = new Map((patched.env ?? []).map((one) => [one.name, one]));
    for (const [variable, text] of Object.entries(loads)) expect(env.get(variable)?.value).toContain(text);
    expect(Object.fromEntries([...env].map(([key, { value }]) => [key, value]))).toMatchObject(values);
    expect(env.get('OTEL_NODE_IP')).toMatchObject({ valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } });
    expect(env.get('OTEL_POD_IP')).toMatchObject({ valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } });
    const attributes = attributesOf(patched);
    expect(attributes.get('service.name')).toBe(serviceName);
    expect(attributes.get('k8s.container.name')).toBe(name);
    expect(attributes.get('k8s.deployment.name')).toBe(deployment);
    for (const key of ['k8s.pod.name', 'k8s.pod.uid', 'k8s.node.name'])
      expect(attributes.get(key)).toMatch(/^\$\(OTEL_AGENT_\w+\)$/);
    if (mount !== undefined) expect(patched.volumeMounts?.map(({ mountPath }) => mountPath)).toContain(mount);
  }
  for (const name of untouched) expect(named(after, name)).toEqual(named(given, name));
  for (const outcome of decision.containers)
    if (outcome.outcome === 'injected' && outcome.profile !== 'opentelemetry-sdk')
      expect(outcome.delivery).toBe(delivery);
  // A targeted init container finds the files: ours comes before it.
  const inits = (after.spec.initContainers ?? []).map(({ name }) => name);
  const hasFiles = expected.some(({ mount }) => mount !== undefined);
  if (given.spec.initContainers && hasFiles)
    expect(inits.slice(1)).toEqual(given.spec.initContainers.map(({ name }) => name));
}

describe('complete with built-in profiles and annotations', () => {
  it.each(complete.map((situation) => [situation.folder, situation] as const))('%s', (_, situation) => {
    verify(situation);
  });
});

describe('partly', () => {
  it.each(partly.map((situation) => [situation.folder, situation] as const))('%s', (_, situation) => {
    verify(situation);
  });
});

it('every folder is complete, or has a reason', () => {
  const done = new Set([...complete.map(({ folder }) => folder), UPGRADE]);
  const rest = new Set(missing.map(({ folder }) => folder));
  expect([...rest].filter((folder) => done.has(folder))).toEqual([]);
  expect(done.size + rest.size).toBe(FOLDERS);
  expect(done.size).toBe(24);
  expect(partly.every(({ folder }) => rest.has(folder))).toBe(true);
});

it('an ephemeral volume is a claim as the Operator makes it', () => {
  const situation = complete.find(({ delivery }) => delivery === 'ephemeral');
  assert(situation);
  const { pod: after } = admit(podOf(situation), plainNamespace(situation.namespace), catalogue);
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  expect(after.spec.volumes?.[0]).toMatchObject({ ephemeral: { volumeClaimTemplate: { spec } } });
});

/** The catalogue of a release whose default image for Java is this one. */
function releaseWith(image: string): Catalogue {
  const read = readWithBuiltIn(
    [
      {
        origin: 'release.yaml',
        document: {
          apiVersion: 'agent-injector.io/v1alpha1',
          kind: 'AgentProfile',
          metadata: { name: 'opentelemetry-java' },
          spec: { extends: 'opentelemetry-java', parameters: [{ name: 'agent-image', default: image }] },
        },
      },
    ],
    catalogue,
  );
  // The cluster lets namespaces choose images: by default, it alone does.
  const settableBy = new Map([['image', ['cluster', 'namespace'] as const]]);
  return withTenancy({ ...catalogue, profiles: read.profiles }, { ...STRICT, settableBy });
}

describe(`complete: ${UPGRADE}`, () => {
  const image = (tag: string): string =>
    `ghcr.io/open-telemetry/opentelemetry-operator/autoinstrumentation-java:${tag}`;
  const [old, current] = [releaseWith(image('1.33.6')), releaseWith(image('2.30.0'))];
  const asked = { profile: 'opentelemetry-java', 'otlp-endpoint': 'http://collector:4318', sampler: 'always_on' };
  const given = pod([container('app')]);
  const imagesIn = (known: Catalogue, settings: Readonly<Record<string, string>>): readonly unknown[] =>
    (admit(given, plainNamespace(settings), known).pod.spec.initContainers ?? []).map((one) => one['image']);

  it('an image that a namespace names stays, whatever the release brings', () => {
    const settings = { ...asked, 'agent-image': image('1.33.6') };
    expect(imagesIn(old, settings)).toEqual([image('1.33.6')]);
    expect(imagesIn(current, settings)).toEqual([image('1.33.6')]);
  });

  it('the image of the old release stays for namespaces that name none, if the cluster says so before the upgrade', () => {
    expect(imagesIn(old, asked)).toEqual([image('1.33.6')]);
    expect(imagesIn(withDefaults(current, [['agent-image', image('1.33.6')]]), asked)).toEqual([image('1.33.6')]);
    expect(imagesIn(current, asked)).toEqual([image('2.30.0')]);
  });

  it('and who asks is told that the release has a newer one, and what keeps it away', () => {
    const { settings } = explain({
      pod: given,
      namespace: plainNamespace({ ...asked, 'agent-image': image('1.33.6') }),
      catalogue: current,
      cluster: unknownCluster,
    });
    expect(settings.find(({ setting }) => setting === 'agent-image')?.values).toMatchObject([
      { from: 'namespace', text: image('1.33.6'), state: 'wins' },
      { from: 'profile', text: image('2.30.0'), state: 'overridden' },
    ]);
  });
});
