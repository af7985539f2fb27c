import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import type { EnvVar, Pod } from '../../src/kubernetes/pod.ts';
import { encodeReview } from '../../src/admission/review.ts';
import {
  articleEnvironment,
  catalogueOf,
  catalogueWith,
  container,
  namespace,
  plainNamespace,
  pod,
  profileDocument,
} from '../support/fixtures.ts';

// Defects that users of other injectors have reported: one test for each.

const copy = { image: 'registry.example.com/agent:1', command: ['cp', '-r', '/a/.', '/agent'] };
const copies = { initContainer: copy };
const list = (name: string, operation: string, separator: string, value: string) =>
  catalogueOf(profileDocument({ environment: [{ name, operation, separator, value }], deliveries: [copies] }));
const java = list('JAVA_TOOL_OPTIONS', 'append', ' ', '-javaagent:/agent/a.jar');
const dotnet = catalogueWith({ 'server-address': 'jennifer.example.com', 'claim-name': 'c' });
const datadog = { name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' };
const web = (...env: EnvVar[]) => pod([container('web', { env })]);
const envOf = ({ spec }: Pod, index = 0) => spec.containers[index]?.env ?? [];
const valueOf = (given: Pod, name: string) => envOf(given).findLast((one) => one.name === name)?.value;

describe('defects of other injectors do not occur', () => {
  it("mixing another vendor's CLSID with our path does not happen", () => {
    const { decision, pod: after } = admit(web(datadog), namespace(), dotnet);
    expect(decision.outcome !== 'injected' && decision.reason).toMatchObject({
      code: 'foreign-profiler',
      vendor: 'Datadog',
    });
    expect(after.spec).toEqual(web(datadog).spec);
  });

  it('an init container is not added when every container is skipped', () => {
    const reference = {
      name: 'JAVA_TOOL_OPTIONS',
      valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } },
    };
    const { decision, pod: after } = admit(web(reference), plainNamespace(), java);
    expect(decision.outcome).toBe('skipped');
    expect(after.spec).toEqual(web(reference).spec);
    expect(
      after.metadata?.annotations?.['cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes'],
    ).toBeUndefined();
  });

  it('variables are not added when a mount path is taken', () => {
    const mount = { volumeMounts: [{ name: 'x', mountPath: '/agent' }] };
    const given = pod([container('web', mount)], {}, { volumes: [{ name: 'x', emptyDir: {} }] });
    const { decision, pod: after } = admit(given, plainNamespace(), java);
    expect(decision.outcome !== 'injected' && decision.reason.code).toBe('mount-path-taken');
    expect(after.spec).toEqual(given.spec);
  });

  it('a skipped injection is reported to the user, not only in a log', () => {
    const { decision, operations } = admit(web(datadog), namespace(), dotnet);
    const { warnings } = encodeReview('u', decision, operations)['response'] as { warnings?: string[] };
    expect(warnings?.[0]).toContain('Datadog');
  });

  it('the order of variables is the same in each call, and each `$(VAR)` comes after its variable', () => {
    const environment = ['A', 'B', 'C', 'D'].map((name, index, all) => ({
      name,
      value: `$(${all[index + 1] ?? 'E'})`,
    }));
    const known = catalogueOf(profileDocument({ environment: [...environment, { name: 'E', value: 'e' }] }));
    const orders = Array.from({ length: 200 }, () => JSON.stringify(admit(pod(), plainNamespace(), known).operations));
    expect(new Set(orders).size).toBe(1);
    expect(envOf(admit(pod(), plainNamespace(), known).pod).map(({ name }) => name)).toEqual(['E', 'D', 'C', 'B', 'A']);
  });

  it('a second call does not add volume, init container and mount again', () => {
    const once = admit(pod(), plainNamespace(), java).pod;
    expect(admit(once, plainNamespace(), java).operations).toEqual([]);
  });

  it('a pod with one instrumented container still gets the agent in its other containers', () => {
    const once = admit(pod(), plainNamespace(), java).pod;
    const extended = {
      ...once,
      spec: { ...once.spec, containers: [...once.spec.containers, container('late')] },
    } as Pod;
    expect(admit(extended, plainNamespace(), java).pod.spec.containers[1]?.volumeMounts).toHaveLength(1);
  });

  it('sidecars do not get the agent', () => {
    const { pod: after } = admit(pod([container('istio-proxy'), container('web')]), plainNamespace(), java);
    expect(after.spec.containers.map(({ env }) => env?.length ?? 0)).toEqual([0, 1]);
  });

  it.each<[string, Record<string, unknown>, number]>([
    ['wait', { command: ['argoexec', 'wait'] }, 0],
    ['wait', { command: ['/app'] }, 1],
    ['sidecar-dind', {}, 0],
    ['helper', { image: 'registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:x86_64-v17' }, 0],
    ['helper', {}, 1],
    ['jnlp', {}, 0],
    ['debugger-x7k2p', {}, 0],
    ['debugger', {}, 1],
  ])('the container %s of a CI system or of kubectl, with %j', (name, rest, added) => {
    const { pod: after } = admit(pod([container('web'), container(name, rest)]), plainNamespace(), java);
    expect(after.spec.containers.map(({ env }) => env?.length ?? 0)).toEqual([1, added]);
  });

  it('init containers of two agents with the same image name do not collide', () => {
    const one = profileDocument(
      {
        environment: [{ name: 'A', value: 'a' }],
        deliveries: [{ initContainer: { ...copy, image: 'r/x/agent:1' } }],
        mounts: [{ path: '/a' }],
      },
      'one',
    );
    const two = profileDocument(
      {
        environment: [{ name: 'B', value: 'b' }],
        deliveries: [{ initContainer: { ...copy, image: 'r/y/agent:2' } }],
        mounts: [{ path: '/b' }],
      },
      'two',
    );
    const { pod: after } = admit(pod(), plainNamespace(), catalogueOf(one, two));
    expect(after.spec.initContainers?.map(({ name }) => name)).toEqual(['two-agent', 'one-agent']);
    expect(after.spec.volumes?.map(({ name }) => name)).toEqual(['one', 'two']);
  });

  it('a size limit is applied', () => {
    const known = catalogueOf(
      profileDocument({
        deliveries: [{ initContainer: { ...copy, sizeLimit: '77Mi' } }],
        environment: [{ name: 'A', value: 'a' }],
      }),
    );
    expect(admit(pod(), plainNamespace(), known).pod.spec.volumes?.[0]).toEqual({
      name: 'agent',
      emptyDir: { sizeLimit: '77Mi' },
    });
  });

  it('fields that are newer than the injector are kept', () => {
    const odd = {
      spec: { containers: [{ name: 'web', newField: { x: [1, null] } }], newer: 1 },
      newest: [{}],
    } as unknown as Pod;
    const { pod: after } = admit(odd, plainNamespace(), java);
    expect(after).toMatchObject(odd);
  });

  it('an invalid annotation does not deny the pod', () => {
    const { decision, operations } = admit(pod(undefined, { 'domain-id': 'x' }), namespace(), dotnet);
    expect(encodeReview('u', decision, operations)['response']).toMatchObject({ allowed: true });
  });

  it('no operation replaces a list that an earlier one has added', () => {
    const two = [
      profileDocument({ environment: [{ name: 'A', value: 'a' }] }, 'one'),
      profileDocument(
        { environment: [{ name: 'B', value: 'b' }], mounts: [{ path: '/b' }], deliveries: [copies] },
        'two',
      ),
    ];
    const { operations } = admit(pod([container('web'), container('worker')]), plainNamespace(), catalogueOf(...two));
    const paths = operations.map(({ path }) => path);
    expect(new Set(paths.filter((path) => !path.endsWith('/-'))).size).toBe(
      paths.filter((path) => !path.endsWith('/-')).length,
    );
  });

  it("the agent is loaded in addition to the options of the author's JAVA_TOOL_OPTIONS", () => {
    expect(
      valueOf(
        admit(web({ name: 'JAVA_TOOL_OPTIONS', value: '-Xmx1g' }), plainNamespace(), java).pod,
        'JAVA_TOOL_OPTIONS',
      ),
    ).toBe('-Xmx1g -javaagent:/agent/a.jar');
  });

  it('JAVA_TOOL_OPTIONS is never set twice', () => {
    const { pod: after } = admit(web({ name: 'JAVA_TOOL_OPTIONS', value: '-Xmx1g' }), plainNamespace(), java);
    expect(envOf(after).map(({ name }) => name)).toEqual(['JAVA_TOOL_OPTIONS']);
  });

  it('no variable has both `value` and `valueFrom`, which the API server refuses', () => {
    const valueFrom = { fieldRef: { fieldPath: 'metadata.name' } };
    for (const operation of ['append', 'force']) {
      const known =
        operation === 'append'
          ? java
          : catalogueOf(profileDocument({ environment: [{ name: 'JAVA_TOOL_OPTIONS', operation, value: 'x' }] }));
      const { pod: after } = admit(web({ name: 'JAVA_TOOL_OPTIONS', valueFrom }), plainNamespace(), known);
      for (const entry of envOf(after))
        expect(entry.value !== undefined && entry['valueFrom'] !== undefined).toBe(false);
    }
  });

  it.each([
    ['PYTHONPATH', 'prepend', ':', '/agent', '/app', '/agent:/app'],
    [
      'NODE_OPTIONS',
      'append',
      ' ',
      '--require /agent/a.js',
      '--max-old-space-size=1',
      '--max-old-space-size=1 --require /agent/a.js',
    ],
  ])("the author's %s is extended", (name, operation, separator, ours, theirs, both) => {
    expect(
      valueOf(admit(web({ name, value: theirs }), plainNamespace(), list(name, operation, separator, ours)).pod, name),
    ).toBe(both);
  });

  it('a duplicate of a connection setting does not override ours', () => {
    const known = catalogueOf(
      profileDocument({ environment: [{ name: 'whatap.server.host', operation: 'force', value: 'apm' }] }),
    );
    const twice = web(
      { name: 'whatap.server.host', value: '127.0.0.1' },
      { name: 'whatap.server.host', value: 'localhost' },
    );
    expect(valueOf(admit(twice, plainNamespace(), known).pod, 'whatap.server.host')).toBe('apm');
  });

  it('the agent is prepended to a list in which the first element wins', () => {
    const known = list('PYTHONPATH', 'prepend', ':', '/agent');
    expect(
      valueOf(admit(web({ name: 'PYTHONPATH', value: '/app/site' }), plainNamespace(), known).pod, 'PYTHONPATH'),
    ).toMatch(/^\/agent:/);
  });

  it('no reference to an undefined variable is added, which the app would read as text', () => {
    const from = pod([container('web', { envFrom: [{ configMapRef: { name: 'x' } }] })]);
    const { decision, pod: after } = admit(from, plainNamespace(), java);
    expect(decision.outcome !== 'injected' && decision.reason.code).toBe('unproven-variable');
    expect(JSON.stringify(after.spec)).not.toContain('$(');
  });

  it('an incomplete manual instrumentation is completed, and a complete one is not changed', () => {
    const half = admit(web(...articleEnvironment.slice(0, 2)), namespace(), dotnet).pod;
    expect(valueOf(half, 'CORECLR_PROFILER_PATH')).toBe('/netagent/bin/libAriesProfiler.so');
    expect(admit(web(...articleEnvironment), namespace(), dotnet).pod.spec).toEqual(web(...articleEnvironment).spec);
  });
});
