import { describe, expect, it } from 'vitest';
import {
  checkApiServer,
  checkDeliveries,
  checkOtherInjectors,
  checkReleaseNamespaces,
  checkReleases,
  type NamedNode,
} from '../../../src/diagnostics/checks/cluster.ts';
import type { Namespace } from '../../../src/kubernetes/namespace.ts';

const labelled = (name: string, labels: Namespace['labels']): Namespace => ({ name, labels, annotations: {} });

describe('the checks of releases', () => {
  it.each([
    ['restricted', 'ok'],
    ['baseline', 'note'],
    [undefined, 'note'],
  ])('expect that their namespace enforces Pod Security restricted: %s', (level, result) => {
    const labels = level === undefined ? {} : { 'pod-security.kubernetes.io/enforce': level };
    expect(checkReleaseNamespaces([labelled('apm', labels)])).toMatchObject([{ name: 'pod security', result }]);
  });

  it('report each set that serves the same namespaces, and each namespace that none serves', () => {
    expect(checkReleases([], [])).toMatchObject([{ result: 'ok' }]);
    const overlaps = [{ configurations: ['a', 'b'], namespaces: 'namespace shop' }];
    const lost = labelled('lost', { 'agent-injector.io/revision': 'cannary' });
    expect(checkReleases(overlaps, [lost])).toEqual([
      { name: 'releases', result: 'problem', message: expect.stringMatching(/a and b .*namespace shop/) },
      { name: 'releases', result: 'problem', message: expect.stringMatching(/lost.*cannary/) },
    ]);
  });
});

describe('image volumes', () => {
  const node = (name: string, kubelet: string, os = 'linux'): NamedNode => ({
    name,
    kubelet,
    runtime: 'containerd://2.2.9',
    os,
  });
  const able = node('able', 'v1.36.3');
  const windows = node('win', 'v1.36.3', 'windows');
  const old = Array.from({ length: 7 }, (_, index) => node(`old-${index}`, 'v1.33.5'));

  it.each<[string, readonly NamedNode[] | undefined, string, RegExp]>([
    ['all nodes can', [able, windows], 'ok', /every node/],
    ['some cannot', [able, ...old], 'note', /7 of 8 nodes .*old-0 \(kubelet 1\.33\),.* and 2 more$/],
    ['nodes are not known', undefined, 'note', /list nodes/],
    ['there are none', [windows], 'note', /no nodes/],
  ])('%s', (_, nodes, result, message) => {
    const check = checkDeliveries({ major: 1, minor: 36 }, nodes).find(({ name }) => name === 'delivery image');
    expect(check).toMatchObject({ result, message: expect.stringMatching(message) });
  });
});

it('the addresses of the API servers are printed as values of the chart have them', () => {
  const [check] = checkApiServer(['10.0.0.2', 'fd00::1'], [443, 6443]);
  expect(check).toMatchObject({
    result: 'note',
    message: expect.stringMatching(/443, 6443 .*10\.0\.0\.2\/32, fd00::1\/128/),
  });
  expect(checkApiServer(['10.0.0.2'], [443])[0]?.message).toMatch(/^port 443 /);
  expect(checkApiServer([], [443])).toEqual([]);
});

it.each([
  ['zz-agent-injector', /before zz-agent-injector/],
  ['agent-injector', /after agent-injector/],
  [undefined, /injectors$/],
])('another injector of agents is a problem, with the order of the calls, in whole sentences: own %s', (own, order) => {
  const found = [{ configuration: 'dynatrace-webhook', product: 'Dynatrace', collides: true }];
  const [check] = checkOtherInjectors(found, own);
  expect(check).toMatchObject({ result: 'problem', message: expect.stringMatching(order) });
  expect(check?.message).not.toContain('..');
});
