import fc from 'fast-check';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import { catalogueOf, profileDocument } from './fixtures.ts';

export const one = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
export const few = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> =>
  fc.array(arbitrary, { maxLength });
export const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

export const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<T[]>([]) },
    arbitrary.map((value) => [value]),
  );

/** Names, volumes and paths that profiles and pods share, so that they meet. */
export const NAMES = [
  'orders',
  'ledger',
  'orders-web',
  'orders-api',
  'worker',
  'agent-2',
  'agent-agent',
  'zq0z0x',
  'xn--oxo',
  'init-1',
  'app',
  'istio-proxy',
  'fluentd',
];
export const name = one(...NAMES);
export const VARIABLES = ['A', 'B', 'A_ORIGINAL', 'A_ORIGINAL_2', 'OTHER', 'LIST', 'UNRELATED', 'X1', 'X2'];
export const VOLUMES = [
  'agent',
  'agent-2',
  'agent-3',
  'agent-file',
  'agent-file-2',
  'agent-var-log-1',
  'other-1',
  'other',
  'data',
  'second',
];
export const PATHS = [
  '/agent',
  '/agent/logs',
  '/',
  '/data',
  '/etc/agent.conf',
  '/etc',
  '/var/log-1',
  '/var',
  '//agent/',
  '/opt/x',
];

const template = fc
  .array(one('orders', 'web', '-', '${pod.workload}', '${container.name}', '${pod.namespace}', '${p}', '${q}', 'x'), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join(''));

const reference = fc.oneof({ weight: 4, arbitrary: template }, one('$(B)', 'x$(B)${p}', '$$(B)'));

/** Assignments, some of which not every pod has. */
const pairs = fc
  .array(one('a=${p}', 'b=${q}', '${pod.workload-kind}=${pod.workload}', 'v=${container.image-tag}', 'c=x'), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join(','));

const merged = (of: object): object => ({ ...of, operation: 'merge', separator: ',', assignment: '=' });

const condition = maybe(
  fc.oneof(
    fc.record({
      parameter: fc.record({ name: one('p', 'q'), equals: one(...NAMES, 'x-orders') }, { requiredKeys: ['name'] }),
    }),
    one({ readOnlyRootFilesystem: true }, { readOnlyFiles: true }),
  ),
);

const matcher = fc.oneof(
  fc.record({
    env: fc.record(
      {
        name: one(...VARIABLES, 'X*', '?1', '*', 'A?ORIGINAL*'),
        equals: maybe(one('orders', 'x', '')),
        contains: maybe(one('ord', '(')),
      },
      { requiredKeys: ['name'] },
    ),
  }),
  fc.record({ command: fc.record({ contains: one('java', 'orders', 'node app') }) }),
  fc.record({ image: one('*', '*orders*', '?*', '*:1', 'nginx*') }),
  fc.record({ containerName: one('*', 'z*', '*x', '*-web', 'orders*', '??????', 'worker', '*xx*', 'zq0z1*') }),
  fc.record({ volume: one(...VOLUMES) }),
  fc.record({ mount: one(...PATHS) }),
);

const entry = fc.oneof(
  fc.record({ name: one('A', 'B', 'C'), value: reference, when: condition, group: maybe(one('g')) }),
  fc.record({ name: one('A', 'D'), value: template, operation: fc.constant('force'), when: condition }),
  fc.record({
    name: one('A', 'LIST', 'B'),
    value: reference,
    operation: one('append', 'prepend'),
    separator: one(',', ' ', '-', 'e'),
    absent: maybe(one('', 'orders')),
    when: condition,
  }),
  fc.record({
    name: one('LIST', 'E'),
    value: template,
    operation: fc.constant('merge'),
    separator: one(',', '-'),
    assignment: one('=', '-'),
    when: condition,
  }),
  fc.record({ name: one('LIST', 'E'), value: pairs }).map(merged),
  fc.record({ name: one('LIST', 'E', 'A'), parameter: one('p', 'q') }).map(merged),
  fc.record({ name: one('LIST', 'E'), annotations: fc.constant('facts.example.com/') }).map(merged),
  fc.record({
    name: one('F', 'A'),
    valueFrom: fc.record({ secretKeyRef: fc.record({ name: template, key: fc.constant('k') }) }),
  }),
);

const copying = {
  command: fc.array(template, { minLength: 1, maxLength: 2 }),
  image: template.map((text) => `example.com/${text}`),
  position: fc.oneof(
    one<unknown>('first', 'last'),
    name.map((before) => ({ before })),
  ),
};

const delivery = fc.oneof(
  fc.record({ persistentVolumeClaim: fc.record({ claimName: template, subPath: maybe(template) }) }),
  fc.record({
    image: fc.record({ reference: template.map((text) => `example.com/${text}`), pullSecret: maybe(template) }),
  }),
  fc.record({ initContainer: fc.record(copying) }),
  fc.record({ ephemeral: fc.record({ ...copying, storageClassName: maybe(template) }) }),
  fc.record({ csi: fc.record({ driver: fc.constant('d'), volumeAttributes: fc.record({ a: template }) }) }),
  fc.record({ hostPath: fc.record({ path: template.map((text) => `/x/${text}`) }) }),
  { weight: 3, arbitrary: fc.constant({ preinstalled: {} }) },
);

const from = maybe(
  one<unknown>(
    [{ annotation: 'facts.example.com/p' }],
    [{ label: 'facts.example.com/p' }, { annotation: 'facts.example.com/q' }],
    [{ label: 'pod-template-hash' }, { label: 'app' }],
  ),
);

const text = one(
  '${container.image-tag}',
  '${pod.workload}',
  '${container.name}',
  'x-${pod.workload}',
  'orders',
  '${container.name}-web',
);
const parameter = (named: string): fc.Arbitrary<object> =>
  fc.oneof(
    fc.record({
      name: fc.constant(named),
      description: fc.constant('d'),
      type: one('word', 'objectName', 'version', 'host'),
      default: text,
      from,
    }),
    fc.record({
      name: fc.constant(named),
      description: fc.constant('d'),
      type: fc.constant('enum'),
      values: fc.constant([...NAMES, 'x-ledger', 'orders-web-web'].slice(0, 9)),
      default: text,
    }),
    fc.record({
      name: fc.constant(named),
      description: fc.constant('d'),
      type: fc.constant('image'),
      default: text,
      allowed: maybe(one(['*'], ['ord*', 'w*'])),
    }),
    fc.record({
      name: fc.constant(named),
      description: fc.constant('d'),
      type: fc.constant('assignments'),
      default: maybe(one('a=${pod.workload}', 'orders=x,b=${container.name}', 'v=${container.image-tag}')),
    }),
    fc.record({
      name: fc.constant(named),
      description: fc.constant('d'),
      type: fc.constant('variables'),
      allowed: one(['X*', 'A'], ['*']),
      default: maybe(one('X1=${pod.workload}', 'A=orders OTHER=${container.name}', '${pod.workload}=x')),
    }),
    fc.record({
      name: fc.constant(named),
      description: fc.constant('d'),
      type: fc.constant('url'),
      references: maybe(one(['B'], ['A', 'B'])),
      default: maybe(one('http://${pod.workload}:80', 'http://$(B)/${container.name}', 'http://a')),
    }),
  );

const advice = fc.record({
  code: one('one'),
  match: fc.array(matcher, { minLength: 1, maxLength: 2 }),
  message: fc.constant('m'),
});

const resultAdvice = fc.record({
  code: one('one'),
  match: fc.tuple(
    fc.record({
      resultingEnv: fc.record({
        name: one('A', 'B', 'D', 'X*', 'X1', 'LIST', 'E'),
        contains: one('rde', 'orders', '$(', ''),
      }),
    }),
  ),
  message: fc.constant('m'),
});

const spec = fc.record({
  environment: few(entry, 4),
  deliveries: fc.array(delivery, { minLength: 1, maxLength: 2 }),
  mounts: fc.array(fc.record({ path: one('/agent', '/opt/x', '/agent/bin'), subPath: maybe(template) }), {
    minLength: 1,
    maxLength: 2,
  }),
  writablePaths: few(fc.record({ path: one('/var/log-1', '/agent/logs'), when: condition }), 1),
  files: few(fc.record({ path: one('/etc/agent.conf', '/etc/x.conf'), content: template, when: condition }), 2),
  parameters: fc.tuple(parameter('p'), parameter('q')),
  conflicts: seldom(advice),
  advisories: few(fc.oneof(advice, resultAdvice), 1),
  objects: few(
    fc.record({ path: one('/etc/ca', '/opt/x/ca'), secret: one('s', 'orders', '${p}'), when: condition }),
    1,
  ),
  containers: fc.record({
    include: seldom(matcher).map((list) => (list.length > 0 ? list : undefined)),
    exclude: seldom(matcher),
  }),
});

/** Without keys that are undefined, which a parsed document has not. */
export const plain = (value: object): object => JSON.parse(JSON.stringify(value)) as object;

/** Undefined for a document that is invalid. */
function catalogueFrom(documents: readonly object[]): Catalogue | undefined {
  try {
    return catalogueOf(...documents);
  } catch {
    return undefined;
  }
}

/** Valid catalogues of one or two profiles. */
export const catalogues = fc
  .tuple(spec, spec, one('agent', 'agent-2'), fc.boolean())
  .map(([first, second, named, both]) =>
    catalogueFrom([profileDocument(plain(first), named), ...(both ? [profileDocument(plain(second), 'second')] : [])]),
  )
  .filter((known) => known !== undefined);
