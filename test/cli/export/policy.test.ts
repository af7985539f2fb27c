import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { readObjectName, readSelector } from '../../../src/cli/export/options.ts';
import { run } from '../../support/process.ts';

const ARGS = ['export', 'policy', '--profile', 'jennifer-dotnet', '--delivery', 'persistentVolumeClaim'];

describe('export policy', () => {
  it('prints the policies before the bindings that put them in force', async () => {
    const { stdout, code } = await run([...ARGS, '--param', 'server-address=apm.example.com']);
    const documents = parseAllDocuments(stdout).map((one) => one.toJS() as { kind: string });
    expect(code).toBe(0);
    expect(documents.map(({ kind }) => kind)).toEqual([
      'MutatingAdmissionPolicy',
      'ValidatingAdmissionPolicy',
      'MutatingAdmissionPolicyBinding',
      'ValidatingAdmissionPolicyBinding',
    ]);
    expect(stdout).toContain('apm.example.com');
  });

  it('prints nothing that could be applied if something cannot be said', async () => {
    const { stdout, stderr, code } = await run([...ARGS.slice(0, 4), '--delivery', 'initContainer']);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toContain('init container');
  });

  it.each<[string, readonly string[], RegExp]>([
    ['an unknown profile', ['--profile', 'jenifer-dotnet'], /jennifer-dotnet/],
    ['an unknown parameter', ['--param', 'server-adress=x'], /server-address/],
    ['a value that is not valid', ['--param', 'server-port=70000'], /65535/],
    ['a parameter without a value', ['--param', 'server-port'], /NAME=VALUE/],
    ['a ConfigMap without a namespace', ['--params-configmap', 'x'], /NAMESPACE\/NAME/],
    ['two sources of values', ['--params-configmap', 'a/b', '--param', 'server-port=1'], /--param/],
    ['no selector', ['--namespace-selector', 'a in (b)'], /label selector/],
    [
      'namespaces in which pods must be refused',
      ['--namespace-selector', 'agent-injector.io/injection=required'],
      /refuse/,
    ],
  ])('refuses %s', async (_, more, expected) => {
    const { stderr, code } = await run([...ARGS, ...more]);
    expect(code).toBe(2);
    expect(stderr).toMatch(expected);
  });
});

describe('a label selector', () => {
  it.each([
    ['a=b', { key: 'a', operator: 'In', values: ['b'] }],
    ['a==b', { key: 'a', operator: 'In', values: ['b'] }],
    ['a!=b', { key: 'a', operator: 'NotIn', values: ['b'] }],
    ['example.com/a', { key: 'example.com/a', operator: 'Exists' }],
    ['!a', { key: 'a', operator: 'DoesNotExist' }],
  ])('%s', (text, expected) => expect(readSelector(text)).toEqual({ matchExpressions: [expected] }));

  it.each(['', 'a in (b)', '!a=b', 'a=b,'])('%s is none', (text) => expect(readSelector(text)).toBeUndefined());
});

it('the name of a ConfigMap has a namespace', () => {
  expect(readObjectName('apm/values')).toEqual({ namespace: 'apm', name: 'values' });
  for (const text of ['values', '/values', 'apm/', 'a/b/c']) expect(readObjectName(text)).toBeUndefined();
});
