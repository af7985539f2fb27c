import { reviewText } from '../support/reviews.ts';

// Pods that are made to harm the server, and unusual ones.

type Tree = Record<string, unknown>;
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const ours = (name: string): string => `agent-injector.io/${name}`;

const container = (name: string, rest: Tree = {}): Tree => ({ name, image: 'registry.example.com/web:1', ...rest });
const pod = (spec: Tree, metadata: Tree = {}): Tree => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});
const one = (rest: Tree, metadata: Tree = {}): Tree => pod({ containers: [container('web', rest)] }, metadata);

/** Every character below 128, line breaks of Unicode, a change of text direction, and a lone surrogate. */
const SPECIAL = String.fromCodePoint(...many(128, (code) => code)) + '\u2028\u2029\u202e\ufeff\u200b\ud800é漢🦊';

const special = (value: unknown): unknown => {
  if (typeof value === 'string') return value + SPECIAL;
  if (Array.isArray(value)) return value.map(special);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, special(inner)]));
};

const full = one(
  {
    env: [{ name: 'A', value: 'b' }],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    command: ['run'],
    args: ['it'],
  },
  { labels: { app: 'web' }, annotations: { note: 'x', [ours('containers')]: 'web', [ours('domain-id')]: '7' } },
);
const patchLike = '[{"op":"replace","path":"/spec/containers/0/image","value":"evil"}]';

const variables = (count: number): Tree[] => many(count, (at) => ({ name: `VARIABLE_${at}`, value: `value ${at}` }));
const chain = (count: number): Tree[] => many(count, (at) => ({ name: `V${at}`, value: `$(V${at + 1})$(V${at + 1})` }));

/** The API server would accept only some of these pods. The webhook has to answer all of them. */
export const hostilePods: Readonly<Record<string, Tree>> = {
  '1,000 containers': pod({ containers: many(1000, (at) => container(`c${at}`)) }),
  '1,000 containers, one of them selected': pod(
    { containers: many(1000, (at) => container(`c${at}`)) },
    { annotations: { [ours('containers')]: 'c999' } },
  ),
  '1,000 init containers': pod({
    containers: [container('web')],
    initContainers: many(1000, (at) => container(`i${at}`)),
  }),
  '10,000 variables': one({ env: variables(10_000) }),
  '10,000 variables in 100 containers': pod({
    containers: many(100, (at) => container(`c${at}`, { env: variables(100) })),
  }),
  '10,000 variables that each reference the next': one({ env: chain(10_000) }),
  '10,000 variables of one name': one({ env: many(10_000, () => ({ name: 'JAVA_TOOL_OPTIONS', value: '-Da=b' })) }),
  '10,000 mounts': one({
    volumeMounts: many(10_000, (at) => ({ name: `v${at}`, mountPath: `/m/${at}` })),
  }),
  '10,000 volumes': pod({
    containers: [container('web')],
    volumes: many(10_000, (at) => ({ name: `v${at}`, emptyDir: {} })),
  }),
  'annotations of 256 KiB': one({}, { annotations: { large: 'x'.repeat(256 * 1024 - 100) } }),
  '5,000 unknown annotations of ours': one(
    {},
    { annotations: Object.fromEntries(many(5000, (at) => [ours(`domain-i${at}`), 'x'])) },
  ),
  'a setting of 256 KiB': one({}, { annotations: { [ours('containers')]: 'w*,'.repeat(80_000) } }),
  'a pattern that backtracks': one(
    {},
    { annotations: { [ours('containers')]: `${'*a'.repeat(100)}b` }, name: 'a'.repeat(253) },
  ),
  'an invalid status': one(
    {},
    { annotations: { [ours('status')]: '{"decision":"injected","containers":[{'.repeat(5000) } },
  ),
  'a status of 3,000 containers': one(
    {},
    {
      annotations: {
        [ours('status')]: JSON.stringify({
          decision: 'injected',
          containers: many(3000, (at) => ({
            container: `c${at}`,
            profile: 'jennifer-dotnet',
            hash: '00000000',
            delivery: 'preinstalled',
          })),
        }),
      },
    },
  ),
  'special characters in every text': special(full) as Tree,
  'values that look like patches': one(
    { env: [{ name: 'A', value: patchLike }], args: [patchLike] },
    { annotations: { note: patchLike, [ours('domain-id')]: patchLike, [ours('server-address')]: patchLike } },
  ),
  'names with path traversal': pod(
    { containers: [container('../../etc/passwd', { volumeMounts: [{ name: '../x', mountPath: '/../..//proc' }] })] },
    { annotations: { [ours('containers')]: '../../*', [ours('profile')]: '../../../etc/passwd' } },
  ),
  'names with JSON Pointer escapes': pod(
    { containers: [container('a~1b/c~0'), container('-')] },
    { annotations: { [ours('domain-id.agent-injector.io/a~1b')]: '9', 'a/b~c': '1' } },
  ),
  'names of Object.prototype': pod(
    {
      containers: [container('constructor', { env: [{ name: '__proto__', value: 'x' }, { name: 'toString' }] })],
      volumes: [{ name: 'hasOwnProperty', emptyDir: {} }],
    },
    {
      labels: { constructor: 'x' },
      annotations: { [ours('profile')]: 'constructor', [ours('delivery')]: '__proto__', toString: 'x' },
    },
  ),
  'numbers instead of strings': one({ env: [{ name: 1, value: 2 }] }, { annotations: { [ours('domain-id')]: 7 } }),
  'an object instead of a list': pod({ containers: {} }, { labels: [] }),
};

const raw = (spec: string): string =>
  reviewText('shop', { apiVersion: 'v1', kind: 'Pod', spec: 'SPEC' }, 'the-uid').replace('"SPEC"', spec);
const container1 = '{"name":"web","image":"x"}';

/** Bodies that no JavaScript value serializes to. */
export const hostileBodies: Readonly<Record<string, string>> = {
  '10,000 nested lists': raw(`{"containers":[${container1}],"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
  '10,000 nested objects': raw(`{"containers":[${container1}],"deep":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`),
  'a list of a million numbers': raw(`{"containers":[${container1}],"list":[${'1,'.repeat(999_999)}1]}`),
  'a million containers': raw(`{"containers":[${'{},'.repeat(999_999)}{}]}`),
  'a million keys': raw(`{"containers":[${container1}],"keys":{${many(300_000, (at) => `"${at}k":1`).join(',')}}}`),
  'duplicate keys': raw(`{"containers":[],"containers":[${container1}],"containers":[${container1}]}`),
  'the keys __proto__ and constructor': raw(
    `{"containers":[{"name":"web","__proto__":{"image":"evil"},"constructor":{"prototype":{"polluted":1}}}],"__proto__":{"x":1}}`,
  ),
  'a label __proto__': reviewText('shop', full, 'the-uid').replace(
    '"labels":{',
    '"labels":{"__proto__":{"agent-injector.io/injection":"disabled"},',
  ),
};
