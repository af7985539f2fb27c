import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { definitions } from '../../tools/crds/crds.ts';
import type { Structural } from '../../tools/crds/structural.ts';
import { crdFiles } from '../../tools/generate-crds.js';
import { findDrift } from '../../src/cluster/webhook-configuration/drift.ts';
import { judgesResources } from '../../src/diagnostics/webhook-match.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { KubeObject } from '../support/client.ts';
import { render } from '../support/chart.ts';
import { helm } from '../support/deploy-tools.ts';

const deploy = join(import.meta.dirname, '../../deploy');
const all = definitions();

/** Every schema in one, with its path. */
function schemasIn(schema: Structural, path = ''): readonly (readonly [string, Structural])[] {
  const { properties = {}, items, additionalProperties } = schema;
  return [
    [path, schema],
    ...Object.entries(properties).flatMap(([name, one]) => schemasIn(one, `${path}.${name}`)),
    ...(items ? schemasIn(items, `${path}[]`) : []),
    ...(additionalProperties ? schemasIn(additionalProperties, `${path}.*`) : []),
  ];
}

const keywords = new Set(
  (
    'type description format enum pattern nullable minLength maxLength minItems maxItems minimum maximum exclusiveMinimum ' +
    'minProperties maxProperties required properties additionalProperties items x-kubernetes-preserve-unknown-fields ' +
    'x-kubernetes-validations x-kubernetes-list-type x-kubernetes-list-map-keys'
  ).split(' '),
);

it('the generated files are what the schemas say: else `npm run generate`', () => {
  const files = crdFiles(all);
  for (const [path, text] of files) {
    expect(existsSync(join(deploy, path)), path).toBe(true);
    expect(readFileSync(join(deploy, path), 'utf8'), path).toBe(text);
  }
  for (const folder of ['crds', 'helm/agent-injector/files/crds'])
    expect(readdirSync(join(deploy, folder)).map((name) => `${folder}/${name}`)).toEqual(
      [...files.keys()].filter((path) => path.startsWith(folder)).toSorted(),
    );
});

// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
describe.each([...all])('the schema of %s', (_, definition) => {
  const { openAPIV3Schema } = definition.spec.versions[0].schema;
  const schemas = schemasIn(openAPIV3Schema);

  it('is structural', () => {
    for (const [path, schema] of schemas) {
      expect(
        Object.keys(schema).filter((keyword) => !keywords.has(keyword)),
        path,
      ).toEqual([]);
      expect(schema.type ?? schema['x-kubernetes-preserve-unknown-fields'], `${path} has a type`).toBeDefined();
      expect(schema.properties && schema.additionalProperties, `${path} is a map or has fields`).toBeUndefined();
      if (schema.type === 'array') expect(schema.items, path).toBeDefined();
    }
  });

  it('requires only fields that it has', () => {
    for (const [path, { required = [], properties = {} }] of schemas)
      for (const name of required) expect(Object.keys(properties), path).toContain(name);
  });

  it('has a limit on every list, map and text', () => {
    for (const [path, schema] of schemas.filter(([at]) => /^\.(spec|status)/.test(at))) {
      if (schema.type === 'array') expect(schema.maxItems, path).toBeGreaterThan(0);
      if (schema.additionalProperties) expect(schema.maxProperties, path).toBeGreaterThan(0);
      const isBound = schema.enum !== undefined || schema.format === 'date-time';
      if (schema.type === 'string' && !isBound) expect(schema.maxLength, path).toBeGreaterThan(0);
    }
  });

  it('has a text for each field, for kubectl explain', () => {
    const fields = schemas.flatMap(([path, { properties = {} }]) =>
      Object.entries(properties).map(([name, one]) => [`${path}.${name}`, one] as const),
    );
    const untold = fields.filter(([path, { description }]) => /^\.(spec|status)\./.test(path) && !description);
    // Parts of references, as in a pod.
    expect(
      untold.map(([path]) => path).filter((path) => !/\.(valueFrom|from\[\]|requests|limits)\b/.test(path)),
    ).toEqual([]);
  });

  it('has rules that name a field of their object', () => {
    for (const [path, { properties, 'x-kubernetes-validations': rules = [] }] of schemas)
      for (const { rule, message, fieldPath } of rules) {
        expect(message, `${path}: ${rule}`).not.toBe('');
        // CEL does not see a field without a type.
        for (const [, escaped = '', name = escaped] of rule.matchAll(/self\.(?:__(\w+?)__|(\w+))/g))
          if (name !== 'all') expect(properties?.[name]?.type, `${path}.${name}: ${rule}`).toBeDefined();
        if (fieldPath !== undefined) expect(Object.keys(properties ?? {}), path).toContain(fieldPath.slice(1));
      }
  });

  it('fits into the annotation that kubectl apply writes', () => {
    expect(JSON.stringify(definition).length).toBeLessThan(200_000);
  });
});

describe.skipIf(helm === undefined)('the chart', () => {
  const rendered = (...set: readonly string[]): readonly KubeObject[] =>
    render('default', { args: ['--no-hooks', ...set.flatMap((value) => ['--set', value])] });
  const namesOf = (objects: readonly KubeObject[], kind: string): readonly string[] =>
    objects.filter((one) => one.kind === kind).map(({ metadata }) => metadata?.name ?? '');
  const role = (objects: readonly KubeObject[], name: string): KubeObject => {
    const found = objects.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata?.name === name);
    if (!found) throw new Error(`no ClusterRole ${name}`);
    return found;
  };
  const resources = (of: KubeObject): readonly string[] =>
    (of['rules'] as { resources: string[] }[]).flatMap((rule) => rule.resources);

  it('has nothing of it by default', () => {
    const objects = rendered();
    expect(namesOf(objects, 'CustomResourceDefinition')).toEqual([]);
    expect(JSON.stringify(objects.filter(({ kind }) => kind === 'ClusterRole'))).not.toContain('agentprofiles');
  });

  it('installs the definitions, and keeps them when it goes', () => {
    const objects = rendered('crds.install=true');
    const found = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(found.map(({ metadata }) => metadata?.name ?? '').toSorted()).toEqual(
      [...all.values()].map(({ metadata }) => metadata.name).toSorted(),
    );
    for (const one of found) {
      expect(one.metadata?.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
      expect(one['spec']).toEqual(all.get((one['spec'] as { names: { plural: string } }).names.plural)?.spec);
    }
  });

  it('only adds permissions for definitions that are installed otherwise', () => {
    const [used, installed] = [rendered('crds.use=true'), rendered('crds.install=true')];
    expect(namesOf(used, 'CustomResourceDefinition')).toEqual([]);
    for (const kind of ['ClusterRole', 'Role', 'Lease']) expect(namesOf(used, kind)).toEqual(namesOf(installed, kind));
  });

  it('asks about resources where crds.validate says so, in all namespaces, and fails open', () => {
    const entriesOf = (objects: readonly KubeObject[]): readonly JsonObject[] =>
      objects
        .filter(({ kind }) => kind === 'MutatingWebhookConfiguration')
        .flatMap((one) => one['webhooks'] as readonly JsonObject[])
        .filter(judgesResources);
    expect(entriesOf(rendered('crds.install=true'))).toEqual([]);
    const [entry] = entriesOf(rendered('crds.validate=true'));
    expect(entry).toMatchObject({ failurePolicy: 'Ignore', sideEffects: 'None' });
    expect(entry?.['namespaceSelector']).toBeUndefined();
    expect(entry?.['rules']).toMatchObject([{ resources: [...all.keys()] }]);
    const service = { name: 'agent-injector', namespace: 'agent-injector', writesPaths: true };
    expect(findDrift(entry ? [entry] : [], service)).toEqual([]);
  });

  it('lets those who edit a namespace write its targets, and nothing of the cluster', () => {
    const objects = rendered('crds.install=true');
    const edit = role(objects, 'agent-injector-edit');
    expect(edit.metadata?.labels).toMatchObject({ 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' });
    expect(resources(edit)).toEqual(['agenttargets']);
    const admin = role(objects, 'agent-injector-admin');
    expect(Object.keys(admin.metadata?.labels ?? {}).filter((key) => key.includes('aggregate'))).toEqual([]);
  });

  it('lets the servers and the observer write the status alone', () => {
    const objects = rendered('crds.install=true', 'observer.enabled=true');
    for (const name of ['agent-injector-resources', 'agent-injector-observer'])
      for (const { resources: of, verbs } of role(objects, name)['rules'] as { resources: string[]; verbs: string[] }[])
        for (const verb of verbs.filter((one) => !['get', 'list', 'watch'].includes(one)))
          for (const resource of of.filter((one) => one.startsWith('agent')))
            expect([resource, verb]).toEqual([expect.stringMatching(/\/status$/), 'patch']);
  });
});
