import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import builtIn from '../../src/agents/*.yaml';
import { resourceOfDocument } from '../support/profile-resource.ts';
import { type JsonObject, objectIn } from '../../src/lib/json.ts';
import { parseProfile } from '../../src/profiles/parse.ts';
import { definitions } from '../../tools/crds/crds.ts';
import type { Client, KubeObject, Reply } from '../support/client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { blocksIn } from '../support/markdown.ts';
import { waitFor } from '../support/wait-for.ts';
import { pathOf } from './kinds.ts';

// The definitions in deploy/crds, applied to a real API server: what it takes, and what it says of a document that is broken.

const deploy = join(import.meta.dirname, '../../deploy');
const API_VERSION = 'agent-injector.io/v1alpha1';

let controlPlane: ControlPlane;
let client: Client;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  ({ client } = controlPlane);
  for (const plural of definitions().keys()) {
    const file = parse(readFileSync(join(deploy, `crds/${plural}.yaml`), 'utf8')) as KubeObject;
    const { object, warnings } = await client.create(file);
    if (warnings.length > 0) throw new Error(warnings.join('\n'));
    await waitFor(`${plural} to be established`, async () => {
      const { status } = await client.get<{ status: { conditions: { type: string; status: string }[] } }>({
        kind: 'CustomResourceDefinition',
        name: object.metadata?.name ?? '',
      });
      const bad = status.conditions.filter(
        ({ type, status: is }) => (type === 'NonStructuralSchema') === (is === 'True'),
      );
      if (bad.length > 0) throw new Error(JSON.stringify(bad));
      return true;
    });
  }
});
afterAll(() => controlPlane?.stop());

/** As `kubectl apply` does it: unknown fields are errors. */
const submit = (object: KubeObject): Promise<Reply> =>
  client.request(
    'POST',
    `${pathOf({ kind: object.kind ?? '', namespace: object.metadata?.namespace })}?dryRun=All&fieldValidation=Strict`,
    object,
  );

interface Refusal {
  readonly message: string;
  readonly details?: { readonly causes?: readonly { field: string; reason: string; message: string }[] };
}

async function expectTaken(object: KubeObject): Promise<void> {
  const { status, body, warnings } = await submit(object);
  expect({ status, warnings, message: (body as Refusal).message }).toEqual({
    status: 201,
    warnings: [],
    message: undefined,
  });
  // Nothing is pruned, and nothing is added.
  expect((body as KubeObject)['spec']).toEqual(object['spec']);
}

const profiles = builtIn as (KubeObject & JsonObject)[];

describe('an AgentProfile', () => {
  test.each(profiles.map((profile) => [String(profile.metadata?.name), profile] as const))(
    'takes the built-in profile %s as it is written',
    async (_, profile) => expectTaken(resourceOfDocument(profile)),
  );

  // Some examples are broken so that the page can say what lint says of them.
  const isSound = (example: JsonObject): boolean =>
    objectIn(example, 'spec')['extends'] !== undefined || parseProfile(example).ok;
  const pages = ['profile-language', 'add-your-own-agent', 'operations', 'rollout'];
  const examples = pages.flatMap((page) =>
    blocksIn(readFileSync(join(import.meta.dirname, `../../docs/${page}.md`), 'utf8'), 'yaml')
      .filter((block) => /^kind: AgentProfile$/m.test(block))
      .map((block, index) => [`${page}, ${index + 1}`, parse(block) as KubeObject & JsonObject] as const),
  );

  test.each(examples)('says the same of the example of docs/%s as lint', async (_, example) => {
    if (isSound(example)) await expectTaken(resourceOfDocument(example));
    else expect((await submit(resourceOfDocument(example))).status).toBeGreaterThanOrEqual(400);
  });

  const complete = (spec: JsonObject = {}, name = 'acme'): KubeObject & JsonObject => {
    const of = profiles.find(({ metadata }) => metadata?.name === 'jennifer-dotnet');
    return {
      apiVersion: API_VERSION,
      kind: 'AgentProfile',
      metadata: { name },
      spec: { ...(of?.['spec'] as JsonObject), ...spec },
    };
  };

  test.each<[string, JsonObject, string, string]>([
    ['no vendor', { vendor: undefined }, 'spec.vendor', 'FieldValueRequired'],
    ['no delivery', { deliveries: [] }, 'spec.deliveries', 'FieldValueInvalid'],
    ['a number for a text', { vendor: 1 }, 'spec.vendor', 'FieldValueTypeInvalid'],
    ['an unknown system', { constraints: { os: ['darwin'] } }, 'spec.constraints.os[0]', 'FieldValueNotSupported'],
    ['a relative mount path', { mounts: [{ path: 'agent' }] }, 'spec.mounts[0].path', 'FieldValueInvalid'],
    ['a mount path with ..', { mounts: [{ path: '/a/../b' }] }, 'spec.mounts[0].path', 'FieldValueInvalid'],
    [
      'both a Secret and a ConfigMap',
      { objects: [{ path: '/a', secret: 'a', configMap: 'a' }] },
      'spec.objects[0]',
      'FieldValueInvalid',
    ],
    ['a variable without a value', { environment: [{ name: 'A' }] }, 'spec.environment[0]', 'FieldValueInvalid'],
    [
      'another field of an operation',
      { environment: [{ name: 'A', value: 'a', separator: ' ' }] },
      'spec.environment[0].separator',
      'FieldValueForbidden',
    ],
    ['a text that is too long', { vendor: 'a'.repeat(2000) }, 'spec.vendor', 'FieldValueTooLong'],
    [
      'a delivery of two kinds',
      { deliveries: [{ hostPath: { path: '/a' }, preinstalled: {} }] },
      'spec.deliveries[0]',
      'FieldValueInvalid',
    ],
    ['a delivery of no kind', { deliveries: [{ name: 'a' }] }, 'spec.deliveries[0]', 'FieldValueInvalid'],
    [
      'a claim without a name',
      { deliveries: [{ persistentVolumeClaim: {} }] },
      'spec.deliveries[0].persistentVolumeClaim.claimName',
      'FieldValueRequired',
    ],
    [
      'the bounds of an enum',
      { parameters: [{ name: 'a', description: 'a', type: 'enum', values: ['a'], minimum: 1 }] },
      'spec.parameters[0].minimum',
      'FieldValueForbidden',
    ],
    [
      'an integer without bounds',
      { parameters: [{ name: 'a', description: 'a', type: 'integer' }] },
      'spec.parameters[0].minimum',
      'FieldValueRequired',
    ],
    ['extends in the wrong place', { extends: 'acme' }, 'spec.extends', 'FieldValueForbidden'],
    ['derived beside other fields', { derived: { extends: 'acme' } }, 'spec.derived', 'FieldValueForbidden'],
  ])('with %s is refused, at its field', async (_, change, field, reason) => {
    const { status, body } = await submit(complete(change));
    const causes = (body as Refusal).details?.causes ?? [];
    expect({ status, causes: causes.map((cause) => [cause.field, cause.reason]) }, JSON.stringify(body)).toMatchObject({
      status: 422,
    });
    expect(causes.map((cause) => [cause.field, cause.reason])).toContainEqual([field, reason]);
  });

  test('with a misspelled field is refused, and the field is named', async () => {
    const { status, body } = await submit(complete({ vendour: 'Acme' }));
    expect([status, (body as Refusal).message]).toEqual([400, expect.stringContaining('"spec.vendour"')]);
  });

  test('has a name that an annotation can hold', async () => {
    const { body } = await submit(complete({}, 'a'.repeat(60)));
    expect((body as Refusal).details?.causes?.map(({ field }) => field)).toContain('metadata.name');
  });

  test('that extends another is kept as it is written, null and all', async () => {
    const derived = { extends: 'acme', documentation: null, parameters: [{ name: 'collector', remove: true }] };
    await expectTaken({ apiVersion: API_VERSION, kind: 'AgentProfile', metadata: { name: 'mine' }, spec: { derived } });
  });

  test('that is derived from nothing is refused', async () => {
    const derived = { vendor: 'Acme' };
    const { body } = await submit({
      apiVersion: API_VERSION,
      kind: 'AgentProfile',
      metadata: { name: 'mine' },
      spec: { derived },
    });
    expect((body as Refusal).details?.causes).toMatchObject([{ field: 'spec.derived', reason: 'FieldValueRequired' }]);
  });
});

describe.each([
  ['AgentTarget', 'default'],
  ['ClusterAgentTarget', undefined],
] as const)('a target: %s', (kind, namespace) => {
  const target = (spec: JsonObject): KubeObject => ({
    apiVersion: API_VERSION,
    kind,
    metadata: { name: 'web', ...(namespace !== undefined && { namespace }) },
    spec,
  });
  const full = {
    profile: 'jennifer-dotnet',
    podSelector: {
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }],
    },
    containers: ['web', 'image:*/shop-*'],
    parameters: { 'domain-id': '7', 'server-address.jennifer-dotnet': 'apm' },
    delivery: 'initContainer',
    rollout: { percent: 25 },
  };

  test('takes one with all fields, and one with a profile alone', async () => {
    await expectTaken(target(full));
    await expectTaken(target({ profile: 'none' }));
  });

  test.each<[string, JsonObject, string]>([
    ['no profile', {}, 'spec.profile'],
    ['a profile that is no name', { profile: 'A B' }, 'spec.profile'],
    ['a percentage beyond 100', { ...full, rollout: { percent: 101 } }, 'spec.rollout.percent'],
    ['a parameter that is no name', { ...full, parameters: { 'A B': '1' } }, 'spec.parameters'],
    [
      'an operator that does not exist',
      { ...full, podSelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
      'spec.podSelector.matchExpressions[0].operator',
    ],
  ])('with %s is refused, at its field', async (_, spec, field) => {
    const { status, body } = await submit(target(spec));
    expect(status).toBe(422);
    expect((body as Refusal).details?.causes?.map((cause) => cause.field)).toContain(field);
  });
});

test('kubectl get shows the columns, and short names are served', async () => {
  const { body } = await client.request('GET', `/apis/${API_VERSION}`);
  const resources = (body as { resources: { name: string; shortNames?: string[] }[] }).resources;
  expect(
    Object.fromEntries(resources.flatMap(({ name, shortNames }) => (shortNames ? [[name, shortNames]] : []))),
  ).toEqual({
    agentprofiles: ['ap'],
    agenttargets: ['at'],
    clusteragenttargets: ['cagt'],
  });
  expect(resources.map(({ name }) => name)).toContain('agentprofiles/status');
});
