import fc from 'fast-check';
import { expect, it } from 'vitest';
import { admitInContext } from '../../src/admission/admit.ts';
import type { ReadImage } from '../../src/api/image-facts.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import { catalogue, container, namespace, pod } from '../support/fixtures.ts';
import { clusterWith, readImage } from '../support/image-facts.ts';

// Facts about images are an input of decisions like claims: pods that differ in their images share no decision, and a change is in force at once.

const IMAGES = ['registry.example.com/orders:1', 'registry.example.com/orders:2', 'registry.example.com/ledger:1'];

const images: fc.Arbitrary<readonly ReadImage[]> = fc.array(
  fc
    .record({
      image: fc.constantFrom(...IMAGES),
      name: fc.constantFrom('NODE_OPTIONS', 'JAVA_TOOL_OPTIONS', 'CORECLR_ENABLE_PROFILING'),
      value: fc.constantFrom('', '0', '--max=$(X)', '-javaagent:/opt/opentelemetry-javaagent.jar'),
      libc: fc.constantFrom('glibc', 'musl', undefined),
      platform: fc.constantFrom('linux/amd64', 'linux/arm64'),
    })
    .map(({ image, name, value, libc, platform }) =>
      readImage(image, {
        variables: [{ name, value }],
        libc: libc && { is: libc, by: 'a step' },
        platforms: [platform],
      }),
    ),
  { maxLength: 3 },
);

const pods = fc.record({
  image: fc.constantFrom(...IMAGES),
  workload: fc.constantFrom('orders', 'ledger-eu'),
  profile: fc.constantFrom('jennifer-dotnet', 'jennifer-java', 'opentelemetry-nodejs'),
  env: fc.constantFrom([], [{ name: 'NODE_OPTIONS', value: '--own' }]),
});

function podOf(workload: string, image: string, env: readonly object[], profile: string): Pod {
  const made = pod([container('server', { image, env })], {
    profile,
    'domain-id': '7',
    'otlp-endpoint': 'http://collector:4318',
  });
  const ownerReferences = [{ kind: 'StatefulSet', name: workload, controller: true }];
  return { ...made, metadata: { ...made.metadata, ownerReferences } };
}

it('the compiled decision is that of the rules, whatever is known of the images at the time', () => {
  const plans = new PlanCache();
  // A namespace that is kept is the same object for each review.
  const own = namespace();
  fc.assert(
    fc.property(images, fc.array(pods, { minLength: 1, maxLength: 4 }), (known, asked) => {
      const cluster = clusterWith(known);
      for (const { workload, image, env, profile } of asked) {
        const context = { pod: podOf(workload, image, env, profile), namespace: own, catalogue, cluster };
        const { decision, operations } = plans.admit(context);
        expect({ decision, operations }).toEqual({
          decision: admitInContext(context).decision,
          operations: admitInContext(context).operations,
        });
      }
    }),
    { numRuns: 300, seed: 20_261_201 },
  );
});

it('facts that come later count for the next pod of the same template', () => {
  const plans = new PlanCache();
  const own = namespace();
  const [image = ''] = IMAGES;
  const valueWith = (known: readonly ReadImage[]): string | undefined =>
    plans
      .admit({
        pod: podOf('orders', image, [], 'opentelemetry-nodejs'),
        namespace: own,
        catalogue,
        cluster: clusterWith(known),
      })
      .pod.spec.containers[0]?.env?.find(({ name }) => name === 'NODE_OPTIONS')?.value;
  const facts = (value: string): ReadImage => readImage(image, { variables: [{ name: 'NODE_OPTIONS', value }] });
  expect(valueWith([])).not.toContain('--max');
  expect(valueWith([facts('--max=1')])).toMatch(/^--max=1 /);
  expect(valueWith([facts('--max=2')])).toMatch(/^--max=2 /);
  expect(valueWith([])).not.toContain('--max');
});
