import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { type Catalogue, withDefaults } from '../../src/profiles/catalogue.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import { catalogueOf, container, plainNamespace, pod, profileDocument, reasonOf } from '../support/fixtures.ts';

// Which workloads a canary chooses, and where its percentage is from.

const VERSION = { name: 'agent-version', type: 'version', default: '1.0', description: 'The version.' };

function profile(spec: object = {}, name = 'agent'): object {
  return profileDocument(
    { parameters: [VERSION], environment: [{ name: 'AGENT', value: '${agent-version}' }], ...spec },
    name,
  );
}

const ofWorkload = (name: string, hash = '5d4f'): Pod => {
  const ownerReferences = [{ kind: 'ReplicaSet', name: `${name}-${hash}`, controller: true }];
  return { ...pod(), metadata: { labels: { 'pod-template-hash': hash }, ownerReferences } };
};
const names = Array.from({ length: 1000 }, (_, index) => `service-${index}`);

const some = names.slice(0, 100);

function chosen(known: Catalogue, within: Namespace = plainNamespace(), of = some): readonly string[] {
  return of.filter((name) => admit(ofWorkload(name), within, known).decision.outcome === 'injected');
}

const versionIn = (known: Catalogue, name: string, within = plainNamespace()): string | undefined =>
  admit(ofWorkload(name), within, known).pod.spec.containers[0]?.env?.find((one) => one.name === 'AGENT')?.value;

const percent = (value: number): Catalogue => catalogueOf(profile({ canary: { percent: value } }));

describe('a canary', () => {
  it('chooses about as many workloads as it says, the same ones each time, and more as it is raised', () => {
    const all = (share: number): readonly string[] => chosen(percent(share), plainNamespace(), names);
    const ten = all(10);
    expect(ten.length).toBeGreaterThanOrEqual(70);
    expect(ten.length).toBeLessThanOrEqual(130);
    expect(all(10)).toEqual(ten);
    expect(all(20)).toEqual(expect.arrayContaining([...ten]));
    expect(chosen(percent(0))).toEqual([]);
    expect(chosen(percent(100))).toEqual(some);
  });

  it('chooses the same for each revision of a Deployment', () => {
    const inNext = some.filter(
      (name) => admit(ofWorkload(name, '7c9b'), plainNamespace(), percent(30)).decision.outcome === 'injected',
    );
    expect(inNext).toEqual(chosen(percent(30)));
  });

  it('begins with other workloads for another profile and in another namespace', () => {
    const other = catalogueOf(profile({ canary: { percent: 10 } }, 'other'));
    expect(chosen(other)).not.toEqual(chosen(percent(10)));
    expect(chosen(percent(10), { ...plainNamespace(), name: 'bank' })).not.toEqual(chosen(percent(10)));
  });

  it('says from which percentage on the workload is in', () => {
    const outside = some.find((name) => !chosen(percent(10)).includes(name)) ?? '';
    const reason = reasonOf(admit(ofWorkload(outside), plainNamespace(), percent(10)));
    expect(reason).toMatchObject({ code: 'outside-canary', percent: 10, source: { from: 'profile' } });
    const from = reason?.code === 'outside-canary' ? reason.from : 0;
    expect(chosen(percent(from - 1))).not.toContain(outside);
    expect(chosen(percent(from))).toContain(outside);
  });

  it.each<[string, Catalogue, Namespace, number]>([
    ['the profile', percent(0), plainNamespace(), 0],
    ['a default of the cluster', withDefaults(percent(0), [['canary', '100']]), plainNamespace(), 100],
    ['a default for the profile', withDefaults(percent(0), [['canary.agent', '100']]), plainNamespace(), 100],
    ['the namespace', withDefaults(percent(0), [['canary.agent', '0']]), plainNamespace({ canary: '100' }), 100],
    ['the namespace for the profile', percent(0), plainNamespace({ canary: '0', 'canary.agent': '100' }), 100],
    ['the namespace for another profile', percent(100), plainNamespace({ 'canary.other': '0' }), 100],
  ])('takes its percentage from %s', (_, known, within, count) => {
    expect(chosen(known, within)).toHaveLength(count);
  });

  it.each(['', '-1', '101', '1.5', 'ten', '10%'])('is a problem if its percentage is %j', (text) => {
    const reason = reasonOf(admit(ofWorkload('web'), plainNamespace({ canary: text }), percent(100)));
    expect(reason).toMatchObject({ code: 'invalid-value', setting: 'canary' });
  });

  it('cannot be set by a pod', () => {
    const given = { ...pod([container('web')], { canary: '100' }) };
    expect(reasonOf(admit(given, plainNamespace(), percent(0)))?.code).toBe('outside-canary');
  });

  it('exempts a required pod, with a notice, and has no effect where nothing opts out', () => {
    const must = { ...plainNamespace(), labels: { 'agent-injector.io/injection': 'required' } };
    const { decision } = admit(pod(), must, percent(0));
    expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: 'outside-canary' } });
    expect(decision.notices.map(({ code }) => code)).toContain('required-opt-out');
    expect(admit(pod(), must, { ...percent(0), strictRequired: true }).decision.outcome).toBe('injected');
  });

  it('of one of two profiles is told of a required pod that gets the other one', () => {
    const both = catalogueOf(profile({ canary: { percent: 0 } }, 'outside'), profile({}, 'inside'));
    const must = {
      ...plainNamespace({ profile: 'inside,outside' }),
      labels: { 'agent-injector.io/injection': 'required' },
    };
    const { decision } = admit(pod(), must, both);
    expect(decision.outcome).toBe('injected');
    const by = expect.stringContaining('outside');
    expect(decision.notices.filter(({ code }) => code === 'required-opt-out')).toEqual([
      { code: 'required-opt-out', by },
    ]);
    const { notices } = admit(pod(), { ...must, labels: plainNamespace().labels }, both).decision;
    expect(notices.map(({ code }) => code)).not.toContain('required-opt-out');
  });

  it('does not change the version of the profile', () => {
    const hashOf = (known: Catalogue): string => {
      const found = known.profiles.get('agent');
      return found ? profileHash(found) : '';
    };
    expect(hashOf(percent(10))).toBe(hashOf(catalogueOf(profile())));
  });
});

const nextVersion = (share: number, rest: object = {}): Catalogue =>
  catalogueOf(profile({ canary: { version: { percent: share, values: { 'agent-version': '2.0' } } }, ...rest }));

describe('a canary of the version', () => {
  const several = names.slice(0, 300);
  const withNext = (known: Catalogue): readonly string[] => several.filter((name) => versionIn(known, name) === '2.0');

  it('gives all workloads the agent, and its share of them the next version', () => {
    expect(chosen(nextVersion(10))).toEqual(some);
    const [ten, twenty] = [withNext(nextVersion(10)), withNext(nextVersion(20))];
    expect(ten.length).toBeGreaterThanOrEqual(15);
    expect(ten.length).toBeLessThanOrEqual(45);
    expect(twenty).toEqual(expect.arrayContaining([...ten]));
    expect(ten).not.toEqual(chosen(percent(10)));
  });

  it('is recorded with the hash of the profile that has the next version for everyone', () => {
    const promoted = catalogueOf(profile({ parameters: [{ ...VERSION, default: '2.0' }] }));
    const hashIn = (known: Catalogue): unknown => {
      const [outcome] = admit(ofWorkload('web'), plainNamespace(), known).decision.containers;
      return outcome?.outcome === 'injected' ? outcome.hash : undefined;
    };
    expect(hashIn(nextVersion(100))).toBe(hashIn(promoted));
    expect(hashIn(nextVersion(0))).toBe(hashIn(catalogueOf(profile())));
    expect(hashIn(nextVersion(0))).not.toBe(hashIn(nextVersion(100)));
  });

  it('replaces a default of the cluster, but not what a namespace or a pod sets', () => {
    const known = withDefaults(nextVersion(100), [['agent-version', '1.1']]);
    expect(versionIn(known, 'web')).toBe('2.0');
    expect(versionIn(known, 'web', plainNamespace({ 'agent-version': '1.2' }))).toBe('1.2');
    expect(versionIn(withDefaults(nextVersion(0), [['agent-version', '1.1']]), 'web')).toBe('1.1');
  });

  it('takes its percentage from the namespace, too', () => {
    expect(versionIn(nextVersion(0), 'web', plainNamespace({ 'canary-version': '100' }))).toBe('2.0');
    const reason = reasonOf(admit(ofWorkload('web'), plainNamespace({ 'canary-version.agent': 'x' }), nextVersion(0)));
    expect(reason).toMatchObject({ code: 'invalid-value', setting: 'canary-version' });
  });

  it('is found on a pod by a second pass, which changes nothing', () => {
    const [known, within] = [nextVersion(100), plainNamespace()];
    const injected = admit(ofWorkload('web'), within, known).pod;
    expect(admit(injected, within, known, unknownCluster).operations).toEqual([]);
  });
});

it.each([
  [{ percent: 101 }, 'percent'],
  [{ percent: -1 }, 'percent'],
  [{ version: { percent: 10, values: { 'agent-versoin': '2.0' } } }, 'agent-version'],
  [{ version: { percent: 10, values: { 'agent-version': 'a b' } } }, 'version'],
])('a profile with the canary %j is not valid', (canary, word) => {
  expect(() => catalogueOf(profile({ canary }))).toThrow(word);
});
