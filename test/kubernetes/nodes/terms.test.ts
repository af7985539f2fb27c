import { describe, expect, it } from 'vitest';
import { mayMeetTerms, onlyNodeOf, termsOfClass, termsOfVolume } from '../../../src/kubernetes/nodes/terms.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { pod } from '../../support/fixtures.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';
const is = (key: string, ...values: string[]) => ({ key, operator: 'In', values });
const not = (key: string, ...values: string[]) => ({ key, operator: 'NotIn', values });
const volume = (...terms: readonly object[][]) =>
  termsOfVolume({
    nodeAffinity: { required: { nodeSelectorTerms: terms.map((matchExpressions) => ({ matchExpressions })) } },
  } as never) ?? [];
const on = (spec: object): Pod => pod(undefined, {}, spec);
const required = (...nodeSelectorTerms: object[]): Pod =>
  on({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });
const expressions = (...matchExpressions: object[]) => ({ matchExpressions });
const selecting = (key: string, value: string): Pod => on({ nodeSelector: { [key]: value } });

const inA = volume([is(ZONE, 'a')]);
const onNode1 = volume([is(HOST, 'node-1')]);
const inAOrB = volume([is(ZONE, 'a')], [is(ZONE, 'b')]);
const byDriver = volume([is('topology.ebs.csi.aws.com/zone', 'a')]);

describe('a pod may run where a volume is:', () => {
  it.each<[string, Pod, typeof inA, boolean]>([
    ['anywhere', pod(), inA, true],
    ['in the zone', selecting(ZONE, 'a'), inA, true],
    ['in another zone', selecting(ZONE, 'b'), inA, false],
    ['in another zone by the old label', selecting('failure-domain.beta.kubernetes.io/zone', 'b'), inA, false],
    ['in the zone by the label of the driver', selecting(ZONE, 'a'), byDriver, true],
    ['in another zone by the label of the driver', selecting(ZONE, 'b'), byDriver, false],
    ['in one of its zones', selecting(ZONE, 'b'), inAOrB, true],
    ['in none of its zones', selecting(ZONE, 'c'), inAOrB, false],
    ['by another label', selecting('pool', 'b'), inA, true],
    ['with affinity to the zone', required(expressions(is(ZONE, 'a', 'b'))), inA, true],
    ['with affinity to another zone', required(expressions(is(ZONE, 'b', 'c'))), inA, false],
    ['with affinity away from the zone', required(expressions(not(ZONE, 'a'))), inA, false],
    ['with affinity away from another zone', required(expressions(not(ZONE, 'b'))), inA, true],
    ['without a zone', required(expressions({ key: ZONE, operator: 'DoesNotExist' })), inA, false],
    ['with any zone', required(expressions({ key: ZONE, operator: 'Exists' })), inA, true],
    ['with a second term that fits', required(expressions(is(ZONE, 'b')), expressions(is('pool', 'x'))), inA, true],
    [
      'with a selector and an affinity that fit only apart',
      on({
        nodeSelector: { [ZONE]: 'a' },
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [expressions(is(HOST, 'node-2'))] },
          },
        },
      }),
      volume([is(ZONE, 'a'), is(HOST, 'node-1')]),
      false,
    ],
    ['as a pod of a DaemonSet there', required({ matchFields: [is('metadata.name', 'node-1')] }), onNode1, true],
    ['as a pod of a DaemonSet elsewhere', required({ matchFields: [is('metadata.name', 'node-2')] }), onNode1, false],
    ['bound there', on({ nodeName: 'node-1' }), onNode1, true],
    ['bound elsewhere', on({ nodeName: 'node-2' }), onNode1, false],
    ['by a selector of another shape', on({ nodeSelector: null, affinity: { nodeAffinity: [] } }), inA, true],
    ['of terms that say what a node must not be', selecting(ZONE, 'a'), volume([not(ZONE, 'a')]), true],
  ])('%s', (_, given, terms, expected) => {
    expect(mayMeetTerms(given, terms)).toBe(expected);
  });
});

describe('the terms', () => {
  it('of a class are what it allows', () => {
    const matchLabelExpressions = [{ key: ZONE, values: ['a', 'b'] }];
    expect(termsOfClass({ allowedTopologies: [{ matchLabelExpressions }] })).toEqual([[is(ZONE, 'a', 'b')]]);
  });

  it('are unknown where there are none, or too many to keep', () => {
    const many = Array.from({ length: 1000 }, (_, index) => [is(HOST, `node-${index}`)]);
    expect([termsOfVolume({}), termsOfClass({}), termsOfVolume({ nodeAffinity: 'x' })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(volume(...many)).toEqual([]);
  });

  it.each([
    [onNode1, 'node-1'],
    [inA, undefined],
    [volume([is(HOST, 'node-1', 'node-2')]), undefined],
    [volume([is(HOST, 'node-1')], [is(HOST, 'node-2')]), undefined],
    [volume([not(HOST, 'node-1')]), undefined],
  ])('name one node: %j', (terms, node) => {
    expect(onlyNodeOf(terms)).toBe(node);
  });
});
