import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import type { Reason } from '../../src/reasons/reason.ts';
import { encodeReview } from '../../src/admission/review.ts';
import { isInjected, readStatus } from '../../src/api/status-annotation.ts';
import { catalogueFrom, container, plainNamespace, pod, profileDocument, reasonOf } from '../support/fixtures.ts';

const environment = [{ name: 'X', operation: 'append', separator: ' ', value: '-javaagent:/agent/a.jar' }];
const agent = (spec: object): object => profileDocument({ environment, slots: ['jvm-agent'], ...spec });
const known = (spec: object, foreignAgents: unknown = []): Catalogue =>
  catalogueFrom({ profiles: [agent(spec)], foreignAgents });

/** The reason against an injection. A second pass must change nothing. */
function reasonFor(given: Pod, catalogue: Catalogue): Reason | undefined {
  const { decision, pod: after } = admit(given, plainNamespace(), catalogue);
  expect(admit(after, plainNamespace(), catalogue).operations).toEqual([]);
  return decision.outcome === 'injected' ? undefined : decision.reason;
}

const web = (rest: object, spec: object = {}): Pod =>
  pod([container('web', rest as Record<string, unknown>)], {}, spec);
const env = (...list: object[]) => web({ env: list });
const volumes = { volumes: [{ name: 'v', emptyDir: {} }] };

/** A matcher, a pod that matches, the place of the match, and a pod that does not match. */
const matchers: readonly (readonly [object, Pod, string, Pod])[] = [
  [{ env: { name: 'Y' } }, env({ name: 'Y', value: '' }), 'Y', env({ name: 'YY', value: '' })],
  [{ env: { name: ['Z', 'Y'], equals: '0' } }, env({ name: 'Y', value: '0' }), 'Y', env({ name: 'Y', value: '00' })],
  [{ env: { name: 'Y', contains: 'b' } }, env({ name: 'Y', value: 'abc' }), 'Y', env({ name: 'Y', value: 'ac' })],
  [{ env: { name: 'Y' } }, env({ name: 'Y', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }), 'Y', env()],
  [
    { env: { name: 'Y', equals: '0' } },
    env({ name: 'Y', value: '1' }, { name: 'Y', value: '0' }),
    'Y',
    env({ name: 'Y', value: '0' }, { name: 'Y', value: '1' }),
  ],
  [
    { env: { name: 'Y', equals: '' } },
    env({ name: 'Y' }),
    'Y',
    env({ name: 'Y', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
  ],
  [
    { command: { contains: 'other.jar' } },
    web({ command: ['java'], args: ['-javaagent:/o/other.jar'] }),
    'its command',
    web({ args: ['-jar', 'x.jar', 7] }),
  ],
  [{ image: '*/other:*' }, web({ image: 'r/other:1' }), 'its image', web({ image: 7 })],
  [{ containerName: 'w?b' }, web({}), 'its name', pod([container('wb')])],
  [{ volume: 'v' }, web({}, volumes), 'volume v', web({})],
  [
    { mount: '/opt/o' },
    web({ volumeMounts: [{ name: 'v', mountPath: '/opt//o/x/' }] }, volumes),
    'mount /opt/o',
    web({ volumeMounts: [{ name: 'v', mountPath: '/opt/oo' }] }, volumes),
  ],
  [
    { mount: '/opt/o/' },
    web({ volumeMounts: [{ name: 'v', mountPath: '/opt/o' }] }, volumes),
    'mount /opt/o/',
    web({}),
  ],
];

describe.each(matchers)('matcher %j', (matcher, matching, at, other) => {
  it('of a foreign agent in the same slot: not injected, and the vendor is named', () => {
    const catalogue = known({}, [{ vendor: 'Other', slots: ['jvm-agent'], match: [matcher] }]);
    expect(reasonFor(matching, catalogue)).toEqual({ code: 'foreign-agent', vendor: 'Other', at, slot: 'jvm-agent' });
    expect(reasonFor(other, catalogue)).toBeUndefined();
  });

  it('of a foreign agent in another slot: injected, with a notice', () => {
    const catalogue = known({}, [{ vendor: 'Other', slots: ['clr-profiler'], match: [matcher] }]);
    expect(reasonFor(matching, catalogue)).toBeUndefined();
    expect(admit(matching, plainNamespace(), catalogue).decision.notices).toEqual([
      { code: 'foreign-agent-present', vendor: 'Other', at, container: 'web' },
    ]);
    expect(admit(other, plainNamespace(), catalogue).decision.notices).toEqual([]);
  });

  it('of a conflict of the profile: not injected', () => {
    const catalogue = known({ conflicts: [{ code: 'conflict', match: [matcher], message: 'a conflict' }] });
    expect(reasonFor(matching, catalogue)).toEqual({
      code: 'profile-conflict',
      profile: 'agent',
      conflict: 'conflict',
      message: 'a conflict',
    });
    expect(reasonFor(other, catalogue)).toBeUndefined();
  });

  it('of an advisory of the profile: injected, with a notice', () => {
    const catalogue = known({ advisories: [{ code: 'advisory', match: [matcher], message: 'an advisory' }] });
    expect(admit(matching, plainNamespace(), catalogue).decision.notices.map(({ code }) => code)).toEqual(['advisory']);
    expect(admit(other, plainNamespace(), catalogue).decision.notices).toEqual([]);
  });
});

describe('an agent that is there already', () => {
  const other = [{ vendor: 'Other', slots: ['jvm-agent'], match: [{ env: { name: 'X', contains: '/other.jar' } }] }];
  const shared = { code: 'slot-shared', profile: 'agent', vendor: 'Other', at: 'X', slot: 'jvm-agent' };
  const both = { name: 'X', value: '-javaagent:/agent/a.jar -javaagent:/other.jar' };
  const catalogue = known({}, other);

  it('beside another in the same slot is a conflict, and the vendor is named', () => {
    expect(reasonFor(env(both), catalogue)).toEqual(shared);
  });

  it('beside an agent in another slot is what was asked for', () => {
    const beside = known({}, [{ ...other[0], slots: ['clr-profiler'] }]);
    expect(reasonFor(env(both), beside)?.code).toBe('variables-already-set');
  });

  it('is told of although another container has the agent alone', () => {
    const two = pod([
      container('web', { env: [both] }),
      container('api', { env: [{ ...both, value: '-javaagent:/agent/a.jar' }] }),
    ]);
    expect(reasonFor(two, catalogue)).toEqual(shared);
  });

  it('refuses a required pod', () => {
    const required = { ...plainNamespace(), labels: { 'agent-injector.io/injection': 'required' } };
    expect(admit(env(both), required, catalogue).decision).toMatchObject({ outcome: 'refused', reason: shared });
  });

  it.each([
    ['mounts', { mounts: [{ path: '/vendor/agent' }] }, { mount: '/vendor' }],
    ['sets', { environment: [...environment, { name: 'VENDOR', value: '1' }] }, { env: { name: 'VENDOR' } }],
    ['writes to', { writablePaths: [{ path: '/vendor/logs', sizeLimit: '1Mi' }] }, { mount: '/vendor/logs' }],
  ])('of a profile that %s what is a sign of another is injected, and is not two', (_, spec, sign) => {
    const own = known(spec, [{ vendor: 'Vendor', slots: ['jvm-agent'], match: [sign] }]);
    const once = admit(pod(), plainNamespace(), own);
    expect(reasonOf(once)).toBeUndefined();
    expect(reasonOf(admit(once.pod, plainNamespace(), own))?.code).toBe('already-instrumented');
  });

  it('is a conflict with a variable of another that has the name of one of the profile', () => {
    const spec = { environment: [...environment, { name: 'VENDOR', value: '1' }] };
    const own = known(spec, [{ vendor: 'Vendor', slots: ['jvm-agent'], match: [{ env: { name: 'VENDOR' } }] }]);
    const given = env({ name: 'X', value: '-javaagent:/agent/a.jar' }, { name: 'VENDOR', value: '2' });
    expect(reasonFor(given, own)?.code).toBe('slot-shared');
  });

  describe('and that an earlier pass has injected', () => {
    const first = admit(pod([container('web'), container('api')]), plainNamespace(), catalogue).pod;
    const appended = (...names: string[]): Pod => ({
      ...first,
      spec: {
        ...first.spec,
        containers: first.spec.containers.map((one) => (names.includes(one.name) ? { ...one, env: [both] } : one)),
      },
    });

    it.each([[['web']], [['web', 'api']]])('is recorded for %j', (names) => {
      const again = admit(appended(...names), plainNamespace(), catalogue);
      expect(reasonOf(again)).toEqual(shared);
      expect(again.decision.pass).toBe('later');
      const { containers } = readStatus(again.pod) ?? { containers: [] };
      expect(
        containers.filter((one) => 'reason' in one && one.reason === 'slot-shared').map((one) => one.container),
      ).toEqual(names);
      expect(containers.filter(isInjected).map((one) => one.container)).toEqual(
        ['web', 'api'].filter((name) => !names.includes(name)),
      );
      expect(admit(again.pod, plainNamespace(), catalogue).operations).toEqual([]);
    });
  });
});

describe('matchers', () => {
  it('of an advice must all match', () => {
    const both = [{ containerName: 'web' }, { env: { name: 'Y' } }];
    const catalogue = known({ conflicts: [{ code: 'both', match: both, message: 'both' }] });
    expect(reasonFor(web({}), catalogue)).toBeUndefined();
    expect(reasonFor(env({ name: 'Y', value: '' }), catalogue)?.code).toBe('profile-conflict');
  });

  it('do not match text that our agents write', () => {
    const spec = { environment: [...environment, { name: 'Z', operation: 'append', separator: ' ', value: '-z' }] };
    const catalogue = known(spec, [
      { vendor: 'Us', slots: ['jvm-agent'], match: [{ env: { name: 'X', contains: '/agent/a.jar' } }] },
    ]);
    expect(reasonFor(env({ name: 'X', value: '-javaagent:/agent/a.jar' }), catalogue)).toBeUndefined();
    expect(reasonFor(env({ name: 'X', value: '-javaagent:/old/agent/a.jar' }), catalogue)?.code).toBe('foreign-agent');
  });

  it('cannot be for an unknown slot', () => {
    expect(() => known({ slots: ['jvm-agnet'] })).toThrow('agent.spec.slots[0]:');
    const foreignAgents = [{ vendor: 'Other', slots: ['x'], match: [{ containerName: 'x' }] }];
    expect(() => known({}, foreignAgents)).toThrow('foreignAgents[0].slots:');
  });

  it('give a bounded number of warnings of bounded length, whatever the message', () => {
    const message = `line\nbreak ${'x'.repeat(500)}`;
    const advisories = Array.from({ length: 20 }, (_, index) => ({
      code: `a${index}`,
      match: [{ containerName: '*' }],
      message,
    }));
    const { decision, operations } = admit(web({}), plainNamespace(), known({ advisories }));
    const { warnings } = encodeReview('u', decision, operations)['response'] as { warnings: string[] };
    expect(warnings).toHaveLength(5);
    for (const text of warnings) expect(text).toMatch(/^\P{Cc}* x+…$/u);
    for (const text of warnings) expect(text.length).toBeLessThanOrEqual(256);
    expect(decision.notices.length).toBeLessThanOrEqual(20);
  });
});

it('an injected agent is not a foreign agent to the next one', () => {
  const foreign = [{ vendor: 'X', slots: ['jvm-agent'], match: [{ env: { name: 'OPTS', contains: '/x.jar' } }] }];
  const one = profileDocument(
    {
      slots: ['jvm-agent'],
      deliveries: [{ preinstalled: {} }],
      environment: [{ name: 'OPTS', operation: 'append', separator: ' ', value: '-javaagent:/x.jar' }],
    },
    'one',
  );
  const two = profileDocument(
    { deliveries: [{ preinstalled: {} }], environment: [{ name: 'B', value: '1', group: 'g' }] },
    'two',
  );
  const both = catalogueFrom({ profiles: [one, two], foreignAgents: foreign });
  const { decision } = admit(pod(), plainNamespace(), both);
  expect(decision.containers.map(({ outcome }) => outcome)).toEqual(['injected', 'injected']);
  expect(decision.notices).toEqual([]);
});

describe('a sign of the result', () => {
  const advisory = { code: 'port', message: 'm', match: [{ resultingEnv: { name: 'ADDRESS', contains: ':4317' } }] };
  const addressed = known({
    advisories: [advisory],
    environment: [...environment, { name: 'ADDRESS', value: 'http://collector:4317' }],
  });
  const codes = (given: Pod) => admit(given, plainNamespace(), addressed).decision.notices.map(({ code }) => code);

  it('matches what the profile sets', () => {
    expect(codes(web({}))).toEqual(['advisory']);
  });

  it("matches the author's value where that stays", () => {
    expect(codes(env({ name: 'ADDRESS', value: 'http://collector:4318' }))).toEqual([]);
  });

  it.each([
    ['conflicts', { conflicts: [advisory] }],
    ['containers', { containers: { include: advisory.match } }],
  ])('is an error in %s', (_, spec) => {
    expect(() => known(spec)).toThrow(/result/);
  });
});
