import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { withDefaults } from '../../src/profiles/catalogue.ts';
import { catalogue, catalogueOf, container, namespace, pod, profileDocument } from '../support/fixtures.ts';
import { lateContainer } from '../support/generated-pod.ts';
import { admitAndVerify, podsWithVariables } from '../support/six-rules.ts';
import { settingsFor } from '../support/sample-values.ts';

const every = [...catalogue.profiles.values()].flatMap((profile) =>
  profile.deliveries.map((delivery) => [profile.name, delivery.name, profile, delivery] as const),
);

const copy = { image: 'r/a:1', command: ['cp', '-r', '/a/.', '/agent'], pullSecret: 'pull' };
/** Profiles that together use every operation, every delivery and every other field. */
const documents = [
  profileDocument(
    {
      environment: [
        { name: 'X', operation: 'append', separator: ' ', value: '-javaagent:/agent/a.jar' },
        { name: 'S', value: 's' },
      ],
    },
    'append',
  ),
  profileDocument(
    {
      environment: [
        { name: 'X', operation: 'prepend', separator: ':', value: '/agent/$(HOME_OF)' },
        { name: 'HOME_OF', value: 'x' },
      ],
      deliveries: [{ initContainer: copy }],
      writablePaths: [{ path: '/agent/logs' }, { path: '/w', when: { readOnlyFiles: true } }],
    },
    'prepend',
  ),
  profileDocument(
    {
      environment: [
        { name: 'X', operation: 'merge', separator: ',', assignment: '=', value: 'b=2,c=3' },
        { name: 'F', operation: 'force', value: 'f' },
      ],
      deliveries: [{ ephemeral: { ...copy, position: 'last' } }],
      files: [{ path: '/etc/a.conf', content: 'x' }],
    },
    'merge',
  ),
  profileDocument(
    {
      environment: [
        { name: 'F', operation: 'force', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
        { name: 'G', value: '1', group: 'g' },
        { name: 'H', value: '2', group: 'g' },
      ],
      deliveries: [{ image: { reference: 'r/a:1' } }],
      mounts: [{ path: '/agent' }, { path: '/agent/ext', subPath: 'e' }],
    },
    'force',
  ),
  profileDocument(
    {
      environment: [{ name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
      deliveries: [{ hostPath: { path: '/opt/a' } }],
    },
    'host',
  ),
  profileDocument(
    {
      environment: [{ name: 'S', value: 's' }],
      deliveries: [{ csi: { driver: 'd', volumeAttributes: { a: 'b' } } }],
      slots: ['jvm-agent'],
    },
    'csi',
  ),
  profileDocument(
    {
      environment: [{ name: 'X', operation: 'append', separator: ';', value: 'z', group: 'g' }],
      deliveries: [{ preinstalled: {} }],
    },
    'preinstalled',
  ),
];
const variables = ['X', 'S', 'F', 'G', 'H', 'HOME_OF', 'X_ORIGINAL'];

describe('the six rules', () => {
  it('hold for profiles with every operation and every delivery', () => {
    let injected = 0;
    for (const document of documents) {
      const known = withDefaults(
        catalogueOf(document),
        [['delivery', 'preinstalled']].filter(() => JSON.stringify(document).includes('"preinstalled"')) as [
          string,
          string,
        ][],
      );
      fc.assert(
        fc.property(podsWithVariables(variables), lateContainer, (given, late) => {
          if (
            admitAndVerify({ pod: given, namespace: namespace(), catalogue: known, lateContainer: late }).decision
              .outcome === 'injected'
          )
            injected++;
        }),
        { numRuns: 120, seed: 20_261_121 },
      );
    }
    expect(injected).toBeGreaterThan(200);
  }, 60_000);

  it('hold for several profiles in one pod', () => {
    let several = 0;
    fc.assert(
      fc.property(
        podsWithVariables(variables),
        lateContainer,
        fc.shuffledSubarray(documents, { minLength: 2 }),
        (given, late, selected) => {
          const { decision } = admitAndVerify({
            pod: given,
            namespace: namespace(),
            catalogue: catalogueOf(...selected),
            lateContainer: late,
          });
          if (decision.containers.filter(({ outcome }) => outcome === 'injected').length > 1) several++;
        },
      ),
      { numRuns: 200, seed: 20_261_121 },
    );
    expect(several).toBeGreaterThan(40);
  }, 60_000);

  it.each(every)('hold for %s by %s', (name, way, profile, delivery) => {
    const settings = settingsFor(profile, delivery);
    const known = withDefaults(catalogue, Object.entries({ ...settings, profile: name, delivery: way }));
    const names = profile.environment.map((one) => one.name);
    // A plain pod gets the agent, so that the rules are checked for at least one injection.
    const plain = admitAndVerify({
      pod: pod([container('web')], {}, { nodeSelector: { 'kubernetes.io/arch': 'amd64' } }),
      namespace: namespace(),
      catalogue: known,
      lateContainer: container('late'),
    });
    expect(plain.decision.outcome === 'injected' ? '' : plain.decision.reason.code).toBe('');
    // Where an agent is required, a pod that was injected must not be refused when the API server asks again.
    const plainly = namespace({}, 'required');
    const must = { ...plainly, labels: { ...plainly.labels, 'pod-security.kubernetes.io/enforce': 'privileged' } };
    const onAmd64 = pod([container('web')], {}, { nodeSelector: { 'kubernetes.io/arch': 'amd64' } });
    const required = admit(onAmd64, must, known);
    expect(required.decision.outcome).toBe('injected');
    expect(admit(required.pod, must, known)).toMatchObject({
      operations: [],
      decision: { outcome: 'skipped', reason: { code: 'already-instrumented' } },
    });
    fc.assert(
      fc.property(podsWithVariables(names), lateContainer, (given, late) => {
        admitAndVerify({ pod: given, namespace: namespace(), catalogue: known, lateContainer: late });
      }),
      { numRuns: 6, seed: 20_261_121 },
    );
  });
});
