import { describe, expect, it } from 'vitest';
import { checkApiServer, checkReleaseNamespaces, checkReleases } from '../../src/diagnostics/preflight.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';

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

it('the addresses of the API servers are printed as values of the chart have them', () => {
  const [check] = checkApiServer(['10.0.0.2', 'fd00::1'], [443, 6443]);
  expect(check).toMatchObject({
    result: 'note',
    message: expect.stringMatching(/443, 6443 .*10\.0\.0\.2\/32, fd00::1\/128/),
  });
  expect(checkApiServer([], [443])).toEqual([]);
});
