import fc from 'fast-check';
import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import { articleEnvironment } from './fixtures.ts';

const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/);

/** Variables: unrelated ones, those of the agent with the same or another value, values and references, `$(…)`, duplicates. */
const variable = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      name: fc.stringMatching(/^[A-Z_]{1,6}$/),
      value: fc.oneof(fc.string(), fc.constantFrom('$(A)', '$$(A)', '$(ARIES_DOMAIN_ID)')),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom(...articleEnvironment) },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constantFrom(...articleEnvironment.map((entry) => entry.name)),
      value: fc.string(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.stringMatching(/^[A-Z]{1,3}$/),
      valueFrom: fc.constant({ fieldRef: { fieldPath: 'metadata.name' } }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constantFrom('CORECLR_PROFILER_PATH_64', 'DOTNET_PROFILER'),
      value: fc.constantFrom('/x.so', '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}'),
    }),
  },
);

const volume = fc.oneof(
  fc.record({ name: fc.oneof(name, fc.constant('jennifer-dotnet')), emptyDir: fc.constant({}) }),
  fc.record({
    name: fc.oneof(name, fc.constant('volume')),
    persistentVolumeClaim: fc.record({ claimName: fc.constantFrom('my-agent-file', 'other') }),
  }),
);

const absentOrNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined | null> =>
  fc.oneof(
    { weight: 6, arbitrary },
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant(null) },
  );

const container = fc.record(
  {
    name: fc.oneof(name, fc.constantFrom('web', 'worker', 'istio-proxy')),
    image: fc.string(),
    env: absentOrNull(fc.array(variable, { maxLength: 5 })),
    volumeMounts: absentOrNull(
      fc.array(
        fc.record({
          name: fc.constantFrom('volume', 'jennifer-dotnet', 'data'),
          mountPath: fc.constantFrom('/data', '/netagent', '/netagent/', '/netagent/logs'),
        }),
        { maxLength: 2 },
      ),
    ),
    futureField: fc.jsonValue(),
  },
  { requiredKeys: ['name'] },
);

const setting = fc.oneof(
  fc.tuple(
    fc.constantFrom('domain-id', 'server-port', 'domain-id.agent-injector.io/web'),
    fc.constantFrom('1', '32767', '0', '70000', 'x'),
  ),
  fc.tuple(
    fc.constantFrom('claim-name', 'claim-name.agent-injector.io/worker'),
    fc.constantFrom('my-agent-file', 'other', 'No Name'),
  ),
  fc.tuple(fc.constant('profile'), fc.constantFrom('jennifer-dotnet', 'none', 'x', 'jennifer-dotnet,jennifer-dotnet')),
  fc.tuple(fc.constant('delivery'), fc.constantFrom('preinstalled', 'persistentVolumeClaim', 'x')),
  fc.tuple(fc.constant('containers'), fc.constantFrom('*', 'web', 'w*,x', '', 'init-0,init-1')),
  fc.tuple(fc.constant('inject'), fc.constantFrom('true', 'false', 'x')),
  fc.tuple(
    fc.constant('status'),
    fc.constantFrom(
      '{}',
      'x',
      '{"decision":"injected","containers":[{"container":"web","profile":"jennifer-dotnet","hash":"00000000","delivery":"preinstalled"}]}',
    ),
  ),
);

/** Up to three settings as annotations. */
export const settings: fc.Arbitrary<Record<string, string>> = fc
  .array(setting, { maxLength: 3 })
  .map((pairs) =>
    Object.fromEntries(pairs.map(([key, value]) => [key.includes('/') ? key : `agent-injector.io/${key}`, value])),
  );

/** Pods of a valid shape, ordinary and hostile ones. */
export const pods: fc.Arbitrary<Pod> = fc
  .record(
    {
      metadata: fc.oneof(
        fc.record(
          {
            name,
            labels: fc.constantFrom({}, { app: 'web' }, { 'agent-injector.io/injection': 'required' }),
            annotations: absentOrNull(
              fc.tuple(settings, fc.dictionary(name, fc.string())).map(([ours, others]) => ({ ...others, ...ours })),
            ),
            managedFields: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
        fc.constant(null),
      ),
      spec: fc.record(
        {
          containers: fc.uniqueArray(container, { selector: (one) => one.name, minLength: 1, maxLength: 4 }),
          initContainers: absentOrNull(
            fc
              .array(container, { maxLength: 2 })
              .map((list) => list.map((one, index) => ({ ...one, name: `init-${index}` }))),
          ),
          volumes: absentOrNull(fc.uniqueArray(volume, { selector: (one) => one.name, maxLength: 3 })),
          hostNetwork: fc.boolean(),
        },
        { requiredKeys: ['containers'] },
      ),
      status: fc.jsonValue(),
    },
    { requiredKeys: ['spec'] },
  )
  .map((pod) => pod as unknown as Pod);

export const lateContainer: fc.Arbitrary<Container> = container.map(
  (one) => ({ ...one, name: 'late' }) as unknown as Container,
);
