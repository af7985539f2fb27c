import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import type { Reason } from '../../src/reasons/reason.ts';
import { encodeReview } from '../../src/admission/review.ts';
import { catalogueFrom, container, plainNamespace, pod, profileDocument } from '../support/fixtures.ts';

const environment = [{ name: 'X', operation: 'append', separator: ' ', value: '-javaagent:/agent/a.jar' }];
const agent = (spec: object): object => profileDocument({ environment, slots: ['jvm-agent'], ...spec });
const known = (spec: object, foreignAgents: unknown = []): Catalogue =>
  catalogueFrom({ profiles: [agent(spec)], foreignAgents });

function met(given: Pod, catalogue: Catalogue): Reason | undefined {
  const { decision, pod: after } = admit(given, plainNamespace(), catalogue);
  expect(admit(after, plainNamespace(), catalogue).operations).toEqual([]);
  return decision.outcome === 'injected' ? undefined : decision.reason;
}

const web = (rest: object, spec: object = {}): Pod =>
  pod([container('web', rest as Record<string, unknown>)], {}, spec);
const env = (...list: object[]) => web({ env: list });
const volumes = { volumes: [{ name: 'v', emptyDir: {} }] };

/** A sign, a pod in which it is seen and where, and one in which it is not. */
const signs: readonly (readonly [object, Pod, string, Pod])[] = [
  [{ in: 'environment', name: 'Y' }, env({ name: 'Y', value: '' }), 'Y', env({ name: 'YY', value: '' })],
  [
    { in: 'environment', name: ['Z', 'Y'], equals: '0' },
    env({ name: 'Y', value: '0' }),
    'Y',
    env({ name: 'Y', value: '00' }),
  ],
  [
    { in: 'environment', name: 'Y', contains: 'b' },
    env({ name: 'Y', value: 'abc' }),
    'Y',
    env({ name: 'Y', value: 'ac' }),
  ],
  [
    { in: 'environment', name: 'Y' },
    env({ name: 'Y', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
    'Y',
    env(),
  ],
  [
    { in: 'environment', name: 'Y', equals: '0' },
    env({ name: 'Y', value: '1' }, { name: 'Y', value: '0' }),
    'Y',
    env({ name: 'Y', value: '0' }, { name: 'Y', value: '1' }),
  ],
  [
    { in: 'environment', name: 'Y', equals: '' },
    env({ name: 'Y' }),
    'Y',
    env({ name: 'Y', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
  ],
  [
    { in: 'command', contains: 'other.jar' },
    web({ command: ['java'], args: ['-javaagent:/o/other.jar'] }),
    'its command',
    web({ args: ['-jar', 'x.jar', 7] }),
  ],
  [{ in: 'image', matches: '*/other:*' }, web({ image: 'r/other:1' }), 'its image', web({ image: 7 })],
  [{ in: 'name', matches: 'w?b' }, web({}), 'its name', pod([container('wb')])],
  [{ in: 'volume', name: 'v' }, web({}, volumes), 'volume v', web({})],
  [
    { in: 'mount', path: '/opt/o' },
    web({ volumeMounts: [{ name: 'v', mountPath: '/opt//o/x/' }] }, volumes),
    'mount /opt/o',
    web({ volumeMounts: [{ name: 'v', mountPath: '/opt/oo' }] }, volumes),
  ],
  [
    { in: 'mount', path: '/opt/o/' },
    web({ volumeMounts: [{ name: 'v', mountPath: '/opt/o' }] }, volumes),
    'mount /opt/o/',
    web({}),
  ],
];

describe.each(signs)('sign %j', (sign, seen, at, unseen) => {
  it('of another agent in the same place: not injected, and who it is', () => {
    const catalogue = known({}, [{ vendor: 'Other', slots: ['jvm-agent'], signs: [sign] }]);
    expect(met(seen, catalogue)).toEqual({ code: 'foreign-agent', vendor: 'Other', at, slot: 'jvm-agent' });
    expect(met(unseen, catalogue)).toBeUndefined();
  });

  it('of another agent elsewhere: injected, and told', () => {
    const catalogue = known({}, [{ vendor: 'Other', slots: ['clr-profiler'], signs: [sign] }]);
    expect(met(seen, catalogue)).toBeUndefined();
    expect(admit(seen, plainNamespace(), catalogue).decision.notices).toEqual([
      { code: 'foreign-agent-present', vendor: 'Other', at, container: 'web' },
    ]);
    expect(admit(unseen, plainNamespace(), catalogue).decision.notices).toEqual([]);
  });

  it('of what the profile cannot bear', () => {
    const catalogue = known({ conflicts: [{ code: 'no-good', signs: [sign], message: 'it cannot be' }] });
    expect(met(seen, catalogue)).toEqual({
      code: 'profile-conflict',
      profile: 'agent',
      conflict: 'no-good',
      message: 'it cannot be',
    });
    expect(met(unseen, catalogue)).toBeUndefined();
  });

  it('of what the user should know', () => {
    const catalogue = known({ advisories: [{ code: 'mind', signs: [sign], message: 'mind this' }] });
    expect(admit(seen, plainNamespace(), catalogue).decision.notices.map(({ code }) => code)).toEqual(['advisory']);
    expect(admit(unseen, plainNamespace(), catalogue).decision.notices).toEqual([]);
  });
});

describe('signs', () => {
  it('all of an advice must be seen', () => {
    const both = [
      { in: 'name', matches: 'web' },
      { in: 'environment', name: 'Y' },
    ];
    const catalogue = known({ conflicts: [{ code: 'both', signs: both, message: 'both' }] });
    expect(met(web({}), catalogue)).toBeUndefined();
    expect(met(env({ name: 'Y', value: '' }), catalogue)?.code).toBe('profile-conflict');
  });

  it('our own words in a list are no sign of somebody else', () => {
    const spec = { environment: [...environment, { name: 'Z', operation: 'append', separator: ' ', value: '-z' }] };
    const catalogue = known(spec, [
      { vendor: 'Us', slots: ['jvm-agent'], signs: [{ in: 'environment', name: 'X', contains: '/agent/a.jar' }] },
    ]);
    expect(met(env({ name: 'X', value: '-javaagent:/agent/a.jar' }), catalogue)).toBeUndefined();
    expect(met(env({ name: 'X', value: '-javaagent:/old/agent/a.jar' }), catalogue)?.code).toBe('foreign-agent');
  });

  it('a slot that nobody knows is a problem', () => {
    expect(() => known({ slots: ['jvm-agnet'] })).toThrow('jvm-agent');
    expect(() => known({}, [{ vendor: 'Other', slots: ['x'], signs: [{ in: 'name', matches: 'x' }] }])).toThrow(
      'no known slot',
    );
  });

  it('warnings are bounded, whatever the message', () => {
    const message = `line\nbreak ${'x'.repeat(500)}`;
    const advisories = Array.from({ length: 20 }, (_, index) => ({
      code: `a${index}`,
      signs: [{ in: 'name', matches: '*' }],
      message,
    }));
    const { decision, operations } = admit(web({}), plainNamespace(), known({ advisories }));
    const { warnings } = encodeReview('u', decision, operations)['response'] as { warnings: string[] };
    expect(warnings).toHaveLength(5);
    for (const text of warnings) expect(text).toMatch(/^agent-injector: [\P{Cc}]*container web: line break x+…$/u);
    for (const text of warnings) expect(text.length).toBeLessThanOrEqual(120);
    expect(decision.notices.length).toBeLessThanOrEqual(20);
  });
});

it('an agent of ours is no foreign agent to the next one', () => {
  const foreign = [
    { vendor: 'X', slots: ['jvm-agent'], signs: [{ in: 'environment', name: 'OPTS', contains: '/x.jar' }] },
  ];
  const one = profileDocument(
    {
      slots: ['jvm-agent'],
      deliveries: [{ type: 'baked' }],
      environment: [{ name: 'OPTS', operation: 'append', separator: ' ', value: '-javaagent:/x.jar' }],
    },
    'one',
  );
  const two = profileDocument(
    { deliveries: [{ type: 'baked' }], environment: [{ name: 'B', value: '1', group: 'g' }] },
    'two',
  );
  const both = catalogueFrom({ profiles: [one, two], foreignAgents: foreign });
  const { decision } = admit(pod(), plainNamespace(), both);
  expect(decision.containers.map(({ outcome }) => outcome)).toEqual(['injected', 'injected']);
  expect(decision.notices).toEqual([]);
});
