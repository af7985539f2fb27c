import { describe, expect, it } from 'vitest';
import {
  imageVolumeProblem,
  type NodeFacts,
  nodeFacts,
  type NodeKind,
  nodeKindOf,
} from '../../../src/kubernetes/nodes/facts.ts';

const kind = (kubelet: string, runtime: string, os = 'linux'): NodeKind => ({ kubelet, runtime, os });
const able = kind('v1.36.3', 'containerd://2.2.9');
const old = kind('v1.33.5', 'containerd://1.7.27');
const windows = kind('v1.36.3', 'containerd://2.2.9', 'windows');

describe('a node', () => {
  it.each([
    ['v1.35.0', 'containerd://2.2.0'],
    ['v1.36.3+k3s1', 'containerd://2.2.3-k3s1'],
    ['v1.35.2-gke.100', 'containerd://v2.3.0'],
    ['v1.35.1', 'cri-o://1.33.2'],
    ['v2.0.0', 'containerd://3.0.0'],
  ])('with kubelet %s and %s can mount images', (kubelet, runtime) => {
    expect(imageVolumeProblem(kind(kubelet, runtime))).toBeUndefined();
  });

  it.each([
    ['v1.34.9', 'containerd://2.2.9', 'kubelet 1.34'],
    ['v1.36.3', 'containerd://2.1.9', 'containerd 2.1'],
    ['v1.36.3', 'containerd://1.7.27', 'containerd 1.7'],
    ['v1.36.3', 'cri-o://1.32.9', 'cri-o 1.32'],
    ['v1.36.3', 'docker://29.1.2', 'docker 29.1'],
    ['v1.36.3', 'containerd://edge', 'containerd'],
    ['v1.36.3', 'constructor://2.2', 'constructor 2.2'],
    ['v1.36.3', '', 'runtime unknown'],
    ['', '', 'kubelet unknown'],
  ])('with kubelet "%s" and "%s" cannot: %s', (kubelet, runtime, problem) => {
    expect(imageVolumeProblem(kind(kubelet, runtime))).toBe(problem);
  });

  it('says so itself, briefly', () => {
    const nodeInfo = {
      kubeletVersion: 'v1.36.3',
      containerRuntimeVersion: `containerd://${'9'.repeat(9000)}`,
      operatingSystem: 'linux',
    };
    const read = nodeKindOf({ status: { nodeInfo } });
    expect(read).toMatchObject({ kubelet: 'v1.36.3', os: 'linux' });
    expect(read.runtime.length).toBeLessThan(100);
    expect(nodeKindOf({ status: 'x' })).toEqual(kind('', '', ''));
  });
});

it.each<[string, readonly NodeKind[], number, NodeFacts | undefined]>([
  ['none', [], 0, undefined],
  ['nodes that can', [able], 3, { mountImages: true, single: false }],
  ['one node that can', [able], 1, { mountImages: true, single: true }],
  ['one old node among others', [able, old], 900, { mountImages: false, single: false }],
  ['a Windows node among others, where no Linux pod runs', [able, windows], 2, { mountImages: true, single: false }],
  ['only Windows nodes', [windows], 2, undefined],
])('what is true of %s', (_, kinds, count, facts) => {
  expect(nodeFacts(kinds, count)).toEqual(facts);
});
