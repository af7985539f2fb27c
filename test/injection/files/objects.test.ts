import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { withTenancy } from '../../../src/profiles/catalogue.ts';
import { STRICT } from '../../../src/profiles/tenancy/policy.ts';
import {
  catalogue,
  catalogueOf,
  container,
  plainNamespace,
  opened,
  pod,
  profileDocument,
} from '../../support/fixtures.ts';

const documents = profileDocument({
  parameters: [{ name: 'ca', type: 'objectName', description: 'd' }],
  objects: [
    { path: '/etc/agent/ca', configMap: '${ca}', when: { parameter: { name: 'ca' } } },
    { path: '/etc/agent/client', secret: 'agent-client' },
  ],
});
const known = opened(catalogueOf(documents));
const place = plainNamespace({ ca: 'company-ca' });

function injected(given: Pod): Pod {
  const { decision, pod: after } = admit(given, place, known);
  expect(decision.outcome).toBe('injected');
  expect(admit(after, place, known).operations).toEqual([]);
  return after;
}

const mountsOf = ({ spec }: Pod, index = 0) => spec.containers[index]?.volumeMounts ?? [];

describe('Secrets and ConfigMaps of a profile', () => {
  it('are mounted read-only, and a pod starts without them', () => {
    const after = injected(pod());
    expect(after.spec.volumes?.slice(1)).toEqual([
      { name: 'agent-etc-agent-ca', configMap: { name: 'company-ca', optional: true, defaultMode: 420 } },
      { name: 'agent-etc-agent-client', secret: { secretName: 'agent-client', optional: true, defaultMode: 420 } },
    ]);
    expect(mountsOf(after).slice(1)).toEqual([
      { name: 'agent-etc-agent-ca', mountPath: '/etc/agent/ca', readOnly: true },
      { name: 'agent-etc-agent-client', mountPath: '/etc/agent/client', readOnly: true },
    ]);
  });

  it('have one volume for all containers', () => {
    const after = injected(pod([container('web'), container('worker')]));
    expect(mountsOf(after, 1)).toEqual(mountsOf(after, 0));
    expect(new Set(after.spec.volumes?.map(({ name }) => name)).size).toBe(after.spec.volumes?.length);
  });

  it('are not mounted while the parameter has no value', () => {
    const { pod: after } = admit(pod(), plainNamespace(), known);
    expect(mountsOf(after).map(({ mountPath }) => mountPath)).toEqual(['/agent', '/etc/agent/client']);
  });

  it("give way to a mount of the author's, and to a volume of the name", () => {
    const mine = { name: 'mine', mountPath: '/etc/agent/client' };
    const volumes = [
      { name: 'mine', emptyDir: {} },
      { name: 'agent-etc-agent-ca', emptyDir: {} },
    ];
    const after = injected(pod([container('web', { volumeMounts: [mine] })], {}, { volumes }));
    expect(mountsOf(after).map(({ name, mountPath }) => [name, mountPath])).toEqual([
      ['mine', '/etc/agent/client'],
      ['agent', '/agent'],
      ['agent-etc-agent-ca-2', '/etc/agent/ca'],
    ]);
  });

  it('keep the agent out if something else is below their path', () => {
    const volumes = [{ name: 'mine', emptyDir: {} }];
    const volumeMounts = [{ name: 'mine', mountPath: '/etc/agent/ca/more' }];
    const { decision } = admit(pod([container('web', { volumeMounts })], {}, { volumes }), place, known);
    expect(decision.outcome !== 'injected' && decision.reason.code).toBe('mount-path-taken');
  });

  it('are chosen by the cluster alone, unless it says otherwise', () => {
    const { decision, pod: after } = admit(pod(), place, withTenancy(known, STRICT));
    expect(mountsOf(after).map(({ mountPath }) => mountPath)).toEqual(['/agent', '/etc/agent/client']);
    expect(decision.notices).toEqual([
      expect.objectContaining({ code: 'parameter-locked', narrowedBy: ['secretName'] }),
    ]);
  });

  it.each([
    ['both kinds', { path: '/a', secret: 's', configMap: 'c' }],
    ['neither', { path: '/a' }],
    ['a word in the name', { path: '/a', secret: '${word}' }],
    ['a directory of the node besides', { path: '/a', secret: 's', hostPath: '/run/a' }],
    ['a word in the path on the node', { path: '/a', hostPath: '/run/${word}' }],
  ])('are an error with %s', (_, object) => {
    const parameters = [{ name: 'word', type: 'word', required: true, description: 'd' }];
    expect(() => catalogueOf(profileDocument({ parameters, objects: [object] }))).toThrow(/objects/);
  });
});

describe('directories of the node with a socket', () => {
  const socket = profileDocument({
    parameters: [{ name: 'socket-directory', type: 'path', description: 'd' }],
    objects: [
      { path: '/var/run/agent', hostPath: '${socket-directory}', when: { parameter: { name: 'socket-directory' } } },
    ],
  });
  const sockets = opened(catalogueOf(socket));
  const settings = { 'socket-directory': '/run/agent' };
  const at = (level: string): typeof place => {
    const plain = plainNamespace(settings);
    return { ...plain, labels: { ...plain.labels, 'pod-security.kubernetes.io/enforce': level } };
  };

  it('are mounted read-only where Pod Security allows it, and created if they are not there', () => {
    const { pod: after } = admit(pod(), at('privileged'), sockets);
    expect(after.spec.volumes?.[1]).toEqual({
      name: 'agent-var-run-agent',
      hostPath: { path: '/run/agent', type: 'DirectoryOrCreate' },
    });
    expect(mountsOf(after)[1]).toEqual({ name: 'agent-var-run-agent', mountPath: '/var/run/agent', readOnly: true });
    expect(admit(after, at('privileged'), sockets).operations).toEqual([]);
  });

  it.each(['baseline', 'restricted'])('keep the agent out of a pod that Pod Security %s would refuse', (level) => {
    const { decision, operations } = admit(pod(), at(level), sockets);
    expect(decision.outcome).toBe('skipped');
    expect(JSON.stringify(decision)).toContain('"why":"pod-security"');
    expect(JSON.stringify(decision)).toContain('/run/agent');
    expect(JSON.stringify(operations)).not.toContain('hostPath"');
  });

  it('change nothing while the parameter has no value', () => {
    const plain = plainNamespace();
    const labels = { ...plain.labels, 'pod-security.kubernetes.io/enforce': 'restricted' };
    const { decision, pod: after } = admit(pod(), { ...plain, labels }, sockets);
    expect(decision.outcome).toBe('injected');
    expect(mountsOf(after).map(({ mountPath }) => mountPath)).toEqual(['/agent']);
  });

  it('are chosen by the cluster alone, unless it says otherwise', () => {
    const { decision, pod: after } = admit(pod(), at('privileged'), withTenancy(sockets, STRICT));
    expect(mountsOf(after).map(({ mountPath }) => mountPath)).toEqual(['/agent']);
    expect(decision.notices).toEqual([expect.objectContaining({ code: 'parameter-locked', narrowedBy: ['nodePath'] })]);
  });

  it.each(['java', 'nodejs', 'python', 'dotnet'])('of the Datadog Agent, for datadog-%s', (language) => {
    const { labels } = at('privileged');
    const asked = {
      profile: `datadog-${language}`,
      'agent-socket-directory': '/var/run/datadog',
      'agent-url': 'unix:///var/run/datadog/apm.socket',
    };
    const { decision, pod: after } = admit(pod(), { ...plainNamespace(asked), labels }, opened(catalogue));
    expect(decision.notices).toEqual([]);
    expect(after.spec.volumes).toContainEqual(
      expect.objectContaining({ hostPath: { path: '/var/run/datadog', type: 'DirectoryOrCreate' } }),
    );
    expect(mountsOf(after)).toContainEqual(expect.objectContaining({ mountPath: '/var/run/datadog', readOnly: true }));
    expect(after.spec.containers[0]?.env).toContainEqual({ name: 'DD_TRACE_AGENT_URL', value: asked['agent-url'] });
  });
});
