import { describe, expect, it } from 'vitest';
import { type Admission, admit } from '../../src/admission/admit.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { type Catalogue, withDefaults } from '../../src/profiles/catalogue.ts';
import { catalogueOf, plainNamespace, opened, pod, profileDocument } from '../support/fixtures.ts';

const document = (rest: object = {}) =>
  profileDocument({
    parameters: [
      {
        name: 'service',
        type: 'version',
        default: 'none',
        from: [{ annotation: 'facts.example.com/service' }, { label: 'facts.example.com/service' }],
        description: 'd',
        ...rest,
      },
    ],
    environment: [{ name: 'SERVICE', value: '${service}' }],
  });
const known = opened(catalogueOf(document()));

interface Said {
  readonly ours?: string;
  readonly annotation?: string;
  readonly label?: string;
}

function podThatSays({ ours, annotation, label }: Said): Pod {
  const annotations = {
    ...(ours !== undefined && { service: ours }),
    ...(annotation !== undefined && { 'facts.example.com/service': annotation }),
  };
  const given = pod(undefined, annotations);
  return label === undefined
    ? given
    : { ...given, metadata: { ...given.metadata, labels: { 'facts.example.com/service': label } } };
}

const admitted = (said: Said, catalogue: Catalogue = known, settings: Record<string, string> = {}): Admission =>
  admit(podThatSays(said), plainNamespace(settings), catalogue);

const serviceOf = ({ pod: after }: Admission): string | undefined =>
  after.spec.containers[0]?.env?.find(({ name }) => name === 'SERVICE')?.value;

describe('a parameter with facts of the pod takes', () => {
  const byCluster = withDefaults(known, [['service', 'by-cluster']]);
  it.each<[string, Said, Record<string, string>, string]>([
    ['our annotation first', { ours: 'a', annotation: 'b', label: 'c' }, { service: 'd' }, 'a'],
    ['then the first fact that is there', { annotation: 'b', label: 'c' }, { service: 'd' }, 'b'],
    ['then the next', { label: 'c' }, { service: 'd' }, 'c'],
    ['the next for an empty one, too', { annotation: '', label: 'c' }, { service: 'd' }, 'c'],
    ['then the namespace', {}, { service: 'd' }, 'd'],
    ['then the cluster', {}, {}, 'by-cluster'],
  ])('%s', (_, said, settings, expected) => {
    expect(serviceOf(admitted(said, byCluster, settings))).toBe(expected);
  });

  it('its default last', () => {
    expect(serviceOf(admitted({}))).toBe('none');
  });

  it('no fact that is not a value, and says so', () => {
    const admission = admitted({ annotation: 'a b', label: 'c' });
    expect(serviceOf(admission)).toBe('c');
    expect(admission.decision.notices).toEqual([
      expect.objectContaining({ code: 'fact-ignored', parameter: 'service', value: 'a b' }),
    ]);
  });

  it('says nothing of a fact that would not count anyway, as the hint promises', () => {
    const admission = admitted({ ours: 'o', annotation: 'a b' });
    expect(serviceOf(admission)).toBe('o');
    expect(admission.decision.notices).toEqual([]);
  });

  it('repeats no long text in what it says of a fact', () => {
    const { notices } = admitted({ annotation: 'a b'.repeat(10_000) }).decision;
    expect(notices).toMatchObject([{ code: 'fact-ignored' }]);
    expect(JSON.stringify(notices).length).toBeLessThan(1000);
  });

  // Who may write labels of pods may not set what the profile leaves to the cluster; and the label is not written for us, so nothing is reported.
  it.each([[['cluster']], [['cluster', 'namespace']]])('no fact where only %j may set it', (settableBy) => {
    const locked = opened(catalogueOf(document({ settableBy })));
    const admission = admitted({ annotation: 'b', label: 'c' }, locked);
    expect(serviceOf(admission)).toBe('none');
    expect(admission.decision.notices).toEqual([]);
  });

  it('no fact of a class that the cluster has locked', () => {
    const mode = { mode: 'strict', allowedProfiles: [], builtInProfiles: true } as const;
    const catalogue: Catalogue = { ...known, tenancy: { ...mode, settableBy: new Map([['other', ['cluster']]]) } };
    expect(serviceOf(admitted({ label: 'c' }, catalogue))).toBe('none');
  });
});

it.each(['no/slash/twice', '-a', 'a b', ''])('the key %j of a fact is an error', (label) => {
  expect(() => catalogueOf(document({ from: [{ label }] }))).toThrow(/from/);
});
