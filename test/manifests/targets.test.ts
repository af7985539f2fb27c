import { expect, it } from 'vitest';
import { parseManifest } from '../../src/manifests/documents.ts';
import { targetsIn } from '../../src/manifests/targets.ts';

const read = (text: string, standard = 'shop') => {
  const manifest = parseManifest(text);
  if (!manifest.ok) throw new Error('not YAML');
  return targetsIn(manifest.value.objects, standard);
};

const of = (kind: string, name: string, spec: string, metadata = ''): string =>
  `apiVersion: agent-injector.io/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}${metadata}}\nspec: {${spec}}\n`;

it('the targets of files count in their namespaces, and in that of the command if they name none', () => {
  const { targets, problems } = read(
    [
      of('AgentTarget', 'here', 'profile: a'),
      of('AgentTarget', 'there', 'profile: b', ', namespace: blog'),
      of('ClusterAgentTarget', 'all', 'profile: c'),
      of('AgentProfile', 'other', ''),
      'apiVersion: example.com/v1\nkind: AgentTarget\nmetadata: {name: foreign}\n',
    ].join('---\n'),
  );
  const names = (namespace: string) =>
    targets(namespace)
      ?.all({}, {})
      .map(({ name }) => name);
  expect([names('shop'), names('blog'), names('third')]).toEqual([
    ['shop/here', 'all'],
    ['blog/there', 'all'],
    ['all'],
  ]);
  expect(problems).toEqual([]);
});

it('one that is not valid does not count, and is named with what is wrong', () => {
  const { targets, problems } = read(of('AgentTarget', 'odd', 'profile: a, podSelectors: {}'));
  expect(targets('shop')).toBeUndefined();
  expect(problems).toEqual([expect.stringMatching(/AgentTarget odd .*podSelector/)]);
});
