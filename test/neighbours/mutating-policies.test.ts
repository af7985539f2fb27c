import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ours } from '../support/injected-cluster.ts';
import { container, podOf, variable, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Bed, labels, type Reinvocation, reinvocations, startBed } from './bed.ts';
import { changesOf, containersOf, flawsIn } from './shown.ts';

// MutatingAdmissionPolicies, which the API server runs before all webhooks, and again after them.

interface Policy {
  readonly name: string;
  /** CEL of an apply configuration or of a JSON patch. */
  readonly patchType: 'ApplyConfiguration' | 'JSONPatch';
  readonly expression: string;
  /** CEL: what it does not do twice. */
  readonly unless: string;
  readonly isDone: (pod: Pod) => boolean;
  /** What it shows beside our agent. */
  readonly expected?: (pod: Pod, reinvocation: Reinvocation) => void;
  /** @default none */
  readonly flaws?: readonly string[];
  /** True if, called once, it changes our part as soon as the stored pod is sent again. */
  readonly missesOurs?: boolean;
}

const MIRROR = 'mirror.example.com/';
const added = (list: 'containers' | 'initContainers', fields: string): string =>
  `Object{spec: Object.spec{${list}: [Object.spec.${list}{${fields}}]}}`;
/** A JSON patch that adds an entry to a list, which may be missing. A value that is a list of objects crashes the request in the API server. */
const addedInFront = (list: string, path: string, value: string): string =>
  `(has(${list}) ? [] : [JSONPatch{op: 'add', path: '${path}', value: []}])
    + [JSONPatch{op: 'add', path: '${path}/0', value: ${value}}]`;
const has = (list: 'containers' | 'initContainers', name: string): string =>
  `has(object.spec.${list}) && object.spec.${list}.exists(c, c.name == '${name}')`;
const hasVariable = (name: string): string =>
  `object.spec.containers.exists(c, has(c.env) && c.env.exists(e, e.name == '${name}'))`;
const isThere =
  (name: string) =>
  (pod: Pod): boolean =>
    containersOf(pod).some((one) => one.name === name);

const policies: readonly Policy[] = [
  {
    name: 'adds-a-native-sidecar',
    patchType: 'ApplyConfiguration',
    expression: added('initContainers', "name: 'proxy', image: 'proxy:1', restartPolicy: 'Always'"),
    unless: has('initContainers', 'proxy'),
    isDone: isThere('proxy'),
  },
  {
    name: 'adds-a-container',
    patchType: 'ApplyConfiguration',
    expression: added('containers', "name: 'mesh', image: 'mesh:1'"),
    unless: has('containers', 'mesh'),
    isDone: isThere('mesh'),
    // A container that no table knows counts as an app.
    flaws: ['an agent in mesh'],
  },
  {
    name: 'adds-an-init-container-in-front',
    patchType: 'JSONPatch',
    expression: addedInFront(
      'object.spec.initContainers',
      '/spec/initContainers',
      "Object.spec.initContainers{name: 'early', image: 'early:1'}",
    ),
    unless: has('initContainers', 'early'),
    isDone: isThere('early'),
  },
  {
    name: 'adds-a-variable-in-front',
    patchType: 'JSONPatch',
    expression: addedInFront(
      'object.spec.containers[0].env',
      '/spec/containers/0/env',
      "Object.spec.containers.env{name: 'TZ', value: 'UTC'}",
    ),
    unless: hasVariable('TZ'),
    isDone: (pod) => variable(pod, 'TZ') === 'UTC',
  },
  {
    name: 'sets-the-options-of-java',
    patchType: 'ApplyConfiguration',
    expression: `Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers{name: c.name,
      env: [Object.spec.containers.env{name: 'JAVA_TOOL_OPTIONS', value: '-Xmx1g'}]})}}`,
    unless: hasVariable('JAVA_TOOL_OPTIONS'),
    isDone: (pod) => variable(pod, 'JAVA_TOOL_OPTIONS')?.startsWith('-Xmx1g') === true,
    expected: (pod) => expect(variable(pod, 'JAVA_TOOL_OPTIONS')).toMatch(/^-Xmx1g -javaagent:/),
  },
  {
    name: 'rewrites-images',
    patchType: 'ApplyConfiguration',
    expression: `Object{spec: Object.spec{
      containers: object.spec.containers.map(c, Object.spec.containers{name: c.name,
        image: c.image.startsWith('${MIRROR}') ? c.image : '${MIRROR}' + c.image}),
      initContainers: has(object.spec.initContainers) ? object.spec.initContainers.map(c, Object.spec.initContainers{name: c.name,
        image: c.image.startsWith('${MIRROR}') ? c.image : '${MIRROR}' + c.image}) : []}}`,
    unless: 'false',
    isDone: ({ spec }) => spec.containers.every(({ image }) => image.startsWith(MIRROR)),
    // One that is not called again does not see our init container (docs/adr/0021-called-last.md).
    missesOurs: true,
    expected: ({ spec }, reinvocation) => {
      const copy = spec.initContainers?.find(({ name }) => name === 'opentelemetry-java-agent');
      if (copy) expect(copy.image.startsWith(MIRROR)).toBe(reinvocation === 'IfNeeded');
    },
  },
];

const deliveries: readonly Readonly<Record<string, string>>[] = [
  { delivery: 'image', 'image-volumes': 'on' },
  { delivery: 'initContainer' },
];

const specs: readonly Pod['spec'][] = [
  { containers: [container('app')] },
  { initContainers: [container('migrate')], containers: [container('app'), container('worker')] },
];

describe('beside MutatingAdmissionPolicies', () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
    await bed.client.createNamespace('bare');
  });
  afterAll(() => bed?.stop());

  const api = { apiVersion: 'admissionregistration.k8s.io/v1' };

  async function whileBound(policy: Policy, reinvocation: Reinvocation, run: () => Promise<void>): Promise<void> {
    const { name, patchType, expression, unless, isDone } = policy;
    const mutation = patchType === 'JSONPatch' ? { jsonPatch: { expression } } : { applyConfiguration: { expression } };
    const namespaces = { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['bare', ...labels] };
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
    await bed.client.create({
      ...api,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        matchConstraints: { namespaceSelector: { matchExpressions: [namespaces] }, resourceRules: [rule] },
        matchConditions: [{ name: 'once', expression: `!(${unless})` }],
        mutations: [{ patchType, ...mutation }],
        failurePolicy: 'Fail',
        reinvocationPolicy: reinvocation,
      },
    });
    const kind = 'MutatingAdmissionPolicyBinding';
    await bed.client.create({ ...api, kind, metadata: { name }, spec: { policyName: name } });
    const isInForce = async (): Promise<boolean> => {
      const { pod } = await bed.create(podOf('bare', 'probe'));
      return pod !== undefined && isDone(pod);
    };
    try {
      await waitFor(`${name} to be in force`, isInForce);
      await run();
    } finally {
      await bed.client.delete({ kind, name });
      await bed.client.delete({ kind: 'MutatingAdmissionPolicy', name });
      await waitFor(`${name} to be gone`, async () => !(await isInForce()));
    }
  }

  describe.each(policies)('one that $name', (policy) => {
    test.each(reinvocations)('its reinvocationPolicy %s: both parts are there', async (reinvocation) => {
      await whileBound(policy, reinvocation, async () => {
        await bed.beside({ others: [], order: 'last' }, async () => {
          for (const label of labels)
            for (const spec of specs)
              for (const delivery of deliveries) {
                const annotations = ours({ profile: 'opentelemetry-java', ...delivery });
                const sent = podOf(label, 'changed', { annotations, spec });
                const { pod, reason, agents } = await bed.create(sent);
                expect([agents, reason]).toEqual([1, '']);
                if (!pod) throw new Error('no pod');
                expect(policy.isDone(pod)).toBe(true);
                policy.expected?.(pod, reinvocation);
                expect(flawsIn(sent, pod)).toEqual(policy.flaws ?? []);
                if (!policy.missesOurs || reinvocation === 'IfNeeded')
                  expect(await changesOf(bed.client, pod)).toEqual([]);
              }
        });
      });
    });
  });
});
