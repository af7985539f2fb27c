import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { withTenancy } from '../../../src/profiles/catalogue.ts';
import { STRICT } from '../../../src/profiles/tenancy/policy.ts';
import { catalogueOf, container, plainNamespace, opened, pod, profileDocument } from '../../support/fixtures.ts';

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
  ])('are an error with %s', (_, object) => {
    const parameters = [{ name: 'word', type: 'word', required: true, description: 'd' }];
    expect(() => catalogueOf(profileDocument({ parameters, objects: [object] }))).toThrow(/objects/);
  });
});
