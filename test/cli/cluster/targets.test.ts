import { describe, expect, it } from 'vitest';
import { findTargets, namedBy } from '../../../src/cli/cluster/targets.ts';
import type { ApiResponse, KubeClient } from '../../../src/cluster/client/types.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { readingClient } from '../../support/reading-client.ts';

const kindsOf = (...words: readonly string[]) =>
  namedBy(words).map((one) => [one.kind, 'workload' in one ? one.workload.kind : '', 'name' in one ? one.name : '']);

describe('the words of a command', () => {
  it.each<[words: readonly string[], named: readonly (readonly string[])[]]>([
    [['deploy/web'], [['object', 'Deployment', 'web']]],
    [['deployments.apps/web'], [['object', 'Deployment', 'web']]],
    [['deploy', 'web'], [['object', 'Deployment', 'web']]],
    [
      ['sts', 'db', 'cache'],
      [
        ['object', 'StatefulSet', 'db'],
        ['object', 'StatefulSet', 'cache'],
      ],
    ],
    [
      ['deploy/web', 'po/x'],
      [
        ['object', 'Deployment', 'web'],
        ['object', 'Pod', 'x'],
      ],
    ],
    [['deploy'], [['all', 'Deployment', '']]],
    [['Pods'], [['all', 'Pod', '']]],
    [['web'], [['name', '', 'web']]],
    [
      ['web', 'api'],
      [
        ['name', '', 'web'],
        ['name', '', 'api'],
      ],
    ],
    [[], []],
  ])('%j', (words, named) => {
    expect(kindsOf(...words)).toEqual(named);
  });

  it.each([
    ['svc/web', /"svc" is not .*kind: use pod, deploy/],
    ['deployment/', /KIND\/NAME/],
    ['deploymets/web', /did you mean "deployments"/],
    ['deploy/a/b', /KIND\/NAME/],
  ])('%s is an error that says what is possible', (word, message) => {
    expect(() => namedBy([word])).toThrow(message);
  });
});

const template = { spec: { containers: [{ name: 'app' }] } };
const objects: Readonly<Record<string, JsonObject>> = {
  '/apis/apps/v1/namespaces/shop/deployments/web': { metadata: { name: 'web' }, spec: { template } },
  '/apis/apps/v1/namespaces/shop/statefulsets/web': { metadata: { name: 'web' }, spec: { template } },
};

/** A cluster with these objects; what is asked for in lists, by path. */
function clientOf(forbidden?: string): KubeClient {
  const answer = (path: string): ApiResponse => {
    const body = objects[path];
    if (body) return { kind: 'ok', body };
    const status = forbidden !== undefined && path.includes(forbidden) ? 403 : 404;
    return { kind: 'http', status, reason: '', message: '', retryAfterMs: 0 };
  };
  return readingClient(answer);
}

describe('a bare name', () => {
  it('is that of any kind, and all of them are found', async () => {
    const found = await findTargets(clientOf(), ['web'], { namespace: 'shop' });
    expect(found.map(({ workload, namespace, name }) => [workload.kind, namespace, name])).toEqual([
      ['Deployment', 'shop', 'web'],
      ['StatefulSet', 'shop', 'web'],
    ]);
  });

  it('that nothing has is an error, which says what may not be read', async () => {
    await expect(findTargets(clientOf('daemonsets'), ['nope'], { namespace: 'shop' })).rejects.toThrow(
      /no pod or workload "nope" in namespace shop.*daemonsets/,
    );
  });

  it.each([['web'], ['deploy/web']])('%s cannot be selected by labels, too', async (word) => {
    const scope = { namespace: 'shop', selector: 'app=web' };
    await expect(findTargets(clientOf(), [word], scope)).rejects.toThrow(/--selector/);
  });

  it('cannot be looked for in all namespaces', async () => {
    await expect(findTargets(clientOf(), ['web'], { namespace: 'x', allNamespaces: true })).rejects.toThrow(/-n/);
  });
});
