import { describe, expect, it } from 'vitest';
import { container, pod } from '../support/fixtures.ts';
import { expand } from '../support/kubelet-environment.ts';
import { commandOf, environmentOf, type Surroundings } from './kubelet.ts';

// Cases of the kubelet's own test, expansion/expand_test.go.
const expansions: readonly (readonly [string, string])[] = [
  ['$(A)', 'a'],
  ['$(A)-$(A)', 'a-a'],
  ['___$(B)___', '___b___'],
  ['$(A)_$(B)_$(C)', 'a_b_c'],
  ['$$(B)_$(A)', '$(B)_a'],
  ['$$(A)_$$(B)', '$(A)_$(B)'],
  ['f000-$$A', 'f000-$A'],
  ['foo\\$(C)bar', 'foo\\cbar'],
  ['$(A$(B))', '$(A$(B))'],
  ['$(A$(B)', '$(A$(B)'],
  ['$(REFERENCE)', '$(A)'],
  ['%%$(REFERENCE)--$(REFERENCE)%%', '%%$(A)--$(A)%%'],
  ['foo$(EMPTY)bar', 'foobar'],
  ['foo$(Awhoops!', 'foo$(Awhoops!'],
  ['f00__(A)__', 'f00__(A)__'],
  ['$?_boo_$!', '$?_boo_$!'],
  ['$A', '$A'],
  ['$(UNKNOWN)', '$(UNKNOWN)'],
  ['$$$$$$(UNKNOWN)', '$$$(UNKNOWN)'],
  ['$$$$$$(A)', '$$$(A)'],
  ['$$$$$$$(UNKNOWN)', '$$$$(UNKNOWN)'],
  ['$$$$$$$(A)', '$$$a'],
  ['$A)', '$A)'],
  ['${A}', '${A}'],
  ['$(B)_______$(A', 'b_______$(A'],
  ['$(C)_______$(', 'c_______$('],
  ['$(A)foobarzab$', 'afoobarzab$'],
  ['--$($($($($--', '--$($($($($--'],
  ['$($($($($--foo$(', '$($($($($--foo$('],
  ['foo0--$($($($(', 'foo0--$($($($('],
  ['$(foo$$var)', '$(foo$$var)'],
  ['', ''],
  ['\n', '\n'],
  ['prefix-$€-suffix', 'prefix-$€-suffix'],
  ['$中文', '$中文'],
];

describe('expand', () => {
  const known = new Map([
    ['A', 'a'],
    ['B', 'b'],
    ['C', 'c'],
    ['REFERENCE', '$(A)'],
    ['EMPTY', ''],
  ]);
  it.each(expansions)('%j → %j', (input, output) => {
    expect(expand(input, (name) => known.get(name))).toBe(output);
  });
});

const around: Surroundings = {
  configMaps: new Map([
    ['one', { A: 'of one', ONLY: 'one' }],
    ['two', { A: 'of two' }],
    ['options', { JAVA_TOOL_OPTIONS: '-Da=$(A)' }],
  ]),
  secrets: new Map([['secret', { KEY: 'hidden' }]]),
  services: { KUBERNETES_SERVICE_HOST: '10.0.0.1', SHOP_PORT: '80' },
  fields: { 'status.podIP': '10.1.2.3', 'spec.nodeName': 'node-7' },
};

interface Row {
  readonly title: string;
  readonly envFrom?: readonly object[];
  readonly env?: readonly object[];
  readonly gives: Readonly<Record<string, string>>;
}

const configMap = (name: string, rest: object = {}): object => ({ configMapRef: { name, ...rest } });
const from = (name: string, valueFrom: object): object => ({ name, valueFrom });

const rows: readonly Row[] = [
  { title: 'a container without variables gets none', gives: {} },
  {
    title: 'the last envFrom wins',
    envFrom: [configMap('one'), configMap('two')],
    gives: { A: 'of two', ONLY: 'one' },
  },
  {
    title: 'a prefix is put before each key',
    envFrom: [{ ...configMap('two'), prefix: 'P_' }],
    gives: { P_A: 'of two' },
  },
  { title: 'every key of a Secret is added', envFrom: [{ secretRef: { name: 'secret' } }], gives: { KEY: 'hidden' } },
  {
    title: 'an optional ConfigMap that does not exist adds nothing',
    envFrom: [configMap('none', { optional: true })],
    gives: {},
  },
  {
    title: 'env overrides envFrom, and can refer to the value that it overrides',
    envFrom: [configMap('two')],
    env: [{ name: 'A', value: '$(A) and more' }],
    gives: { A: 'of two and more' },
  },
  {
    title: 'a reference resolves only to an earlier variable',
    env: [
      { name: 'X', value: '$(Y)' },
      { name: 'Y', value: '1' },
      { name: 'Z', value: '$(Y)' },
    ],
    gives: { X: '$(Y)', Y: '1', Z: '1' },
  },
  {
    title: 'a value that was expanded once is not expanded again',
    envFrom: [configMap('two'), configMap('options')],
    env: [{ name: 'JAVA_TOOL_OPTIONS', value: '$(JAVA_TOOL_OPTIONS) -javaagent:x' }],
    gives: { A: 'of two', JAVA_TOOL_OPTIONS: '-Da=$(A) -javaagent:x' },
  },
  {
    title: 'a reference resolves to a service variable',
    env: [{ name: 'X', value: '$(SHOP_PORT)$$' }],
    gives: { X: '80$' },
  },
  { title: 'env overrides a service variable', env: [{ name: 'SHOP_PORT', value: '' }], gives: { SHOP_PORT: '' } },
  {
    title: 'the last of two variables with one name wins',
    env: [{ name: 'X', value: '1' }, { name: 'X' }],
    gives: { X: '' },
  },
  {
    title: 'each kind of valueFrom is resolved',
    env: [
      from('NAME', { fieldRef: { fieldPath: 'metadata.name' } }),
      from('IP', { fieldRef: { fieldPath: 'status.podIP' } }),
      from('NOTE', { fieldRef: { fieldPath: "metadata.annotations['shop/note']" } }),
      from('NO_NOTE', { fieldRef: { fieldPath: "metadata.annotations['shop/other']" } }),
      from('KEY', { secretKeyRef: { name: 'secret', key: 'KEY' } }),
      from('A', { configMapKeyRef: { name: 'one', key: 'A' } }),
      { name: 'ALL', value: '$(NAME) $(IP) $(NOTE) $(KEY) $(A)' },
    ],
    gives: {
      NAME: 'web',
      IP: '10.1.2.3',
      NOTE: 'own',
      NO_NOTE: '',
      KEY: 'hidden',
      A: 'of one',
      ALL: 'web 10.1.2.3 own hidden of one',
    },
  },
  {
    title: 'a reference to an optional key that does not exist stays as written',
    env: [
      from('X', { configMapKeyRef: { name: 'one', key: 'NONE', optional: true } }),
      from('Y', { secretKeyRef: { name: 'none', key: 'NONE', optional: true } }),
      { name: 'Z', value: '$(X) $(Y)' },
    ],
    gives: { Z: '$(X) $(Y)' },
  },
];

const services = { KUBERNETES_SERVICE_HOST: '10.0.0.1', SHOP_PORT: '80' };

describe('environmentOf', () => {
  it.each(rows)('$title', ({ envFrom, env, gives }) => {
    const subject = pod([container('web', { ...(envFrom && { envFrom }), ...(env && { env }) })], {
      'shop/note': 'own',
    });
    const [first] = subject.spec.containers;
    if (!first) throw new Error('the pod has no container');
    expect(Object.fromEntries(environmentOf(subject, first, around))).toEqual({ ...services, ...gives });
  });

  it.each([
    ['an absent ConfigMap', { envFrom: [configMap('none')] }, 'ConfigMap "none" not found'],
    ['an absent key', { env: [from('X', { configMapKeyRef: { name: 'one', key: 'NONE' } })] }, 'find key NONE'],
    ['an absent Secret', { env: [from('X', { secretKeyRef: { name: 'none', key: 'K' } })] }, 'Secret "none" not found'],
    ['an unknown field', { env: [from('X', { fieldRef: { fieldPath: 'spec.x' } })] }, 'spec.x'],
    ['an unknown source', { env: [from('X', { somethingRef: {} })] }, 'somethingRef'],
  ])('refuses %s', (_, rest, message) => {
    const one = container('web', rest);
    expect(() => environmentOf(pod([one]), one, around)).toThrow(message);
  });
});

it('expands command and arguments with the whole environment', () => {
  const one = container('copy', { command: ['cp', '$(FROM)'], args: ['$$(FROM)', '$(NONE)'] });
  expect(commandOf(one, new Map([['FROM', '/a']]))).toEqual(['cp', '/a', '$(FROM)', '$(NONE)']);
});
