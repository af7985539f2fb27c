import * as z from 'zod';
import { PREFIX, PROFILE_KIND } from '../../src/api/keys.ts';
import { profileSchema } from '../../src/api/profile/profile.ts';
import { CLUSTER_TARGET_KIND, RESOURCES, TARGET_KIND } from '../../src/api/target/kinds.ts';
import { clusterTargetSchema, targetSchema } from '../../src/api/target/target.ts';
import { profileStatus, targetStatus } from './status.ts';
import { type Json, member, type Rule, type Structural, structural } from './structural.ts';

interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly priority?: 1;
  readonly description?: string;
}

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly scope: 'Cluster' | 'Namespaced';
  readonly columns: readonly Column[];
  readonly schema: Structural;
}

/** A CustomResourceDefinition. */
export interface Definition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly versions: readonly [
      { readonly schema: { readonly openAPIV3Schema: Structural }; readonly [field: string]: unknown },
    ];
    readonly [field: string]: unknown;
  };
}

const OPTIONS = { target: 'openapi-3.0', io: 'input', reused: 'inline' } as const;

const column = (name: string, type: Column['type'], jsonPath: string): Column => ({ name, type, jsonPath });

/** Shown by `-o wide`. */
const wide = (shown: Column): Column => ({ ...shown, priority: 1 });

const ofCondition = (type: string, field: string): string => `.status.conditions[?(@.type=='${type}')].${field}`;

const age = column('Age', 'date', '.metadata.creationTimestamp');

const kinds: readonly Kind[] = [
  {
    kind: PROFILE_KIND,
    plural: RESOURCES.profiles,
    shortName: 'ap',
    scope: 'Cluster',
    schema: profileResource(),
    columns: [
      column('Vendor', 'string', '.status.vendor'),
      column('Ready', 'string', ofCondition('Ready', 'status')),
      column('Injected', 'integer', '.status.pods.injected'),
      column('Outdated', 'integer', '.status.pods.outdated'),
      column('Unhealthy', 'integer', '.status.pods.unhealthy'),
      age,
      wide(column('Hash', 'string', '.status.hash')),
      wide(column('Reason', 'string', ofCondition('Ready', 'reason'))),
    ],
  },
  {
    kind: TARGET_KIND,
    plural: RESOURCES.targets,
    shortName: 'at',
    scope: 'Namespaced',
    schema: targetResource(targetSchema),
    columns: targetColumns(),
  },
  {
    kind: CLUSTER_TARGET_KIND,
    plural: RESOURCES.clusterTargets,
    shortName: 'cagt',
    scope: 'Cluster',
    schema: targetResource(clusterTargetSchema),
    columns: targetColumns(),
  },
];

function targetColumns(): readonly Column[] {
  return [
    column('Profile', 'string', '.spec.profile'),
    column('Accepted', 'string', ofCondition('Accepted', 'status')),
    column('Conflict', 'string', ofCondition('Conflict', 'status')),
    age,
    wide(column('Reason', 'string', ofCondition('Accepted', 'reason'))),
  ];
}

/** The definitions by their plural names. */
export function definitions(): ReadonlyMap<string, Definition> {
  return new Map(kinds.map((row) => [row.plural, definition(row)]));
}

function definition({ kind, plural, shortName, scope, columns, schema }: Kind): Definition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${PREFIX}`,
      // Deleting a definition deletes all its objects: no uninstallation does that.
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    spec: {
      group: PREFIX,
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['agent-injector'],
      },
      conversion: { strategy: 'None' },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
}

/** Throws where the API server would read a pattern otherwise than zod does. */
function jsonSchemaOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, {
    ...OPTIONS,
    override: ({ jsonSchema, zodSchema }) => {
      // oxlint-disable-next-line no-underscore-dangle -- how zod names what is not for everyday use
      const { def, bag } = zodSchema._zod;
      // zod leaves it out for OpenAPI.
      if (def.type === 'record') jsonSchema.propertyNames = z.toJSONSchema(def.keyType, OPTIONS);
      const { patterns = new Set() } = bag as { readonly patterns?: ReadonlySet<RegExp> };
      const isOther = [...patterns].some(({ source, flags }) => flags !== '' || /\(\?[!=<]/.test(source));
      if (isOther && jsonSchema.pattern !== undefined)
        throw new Error(`the API server has no pattern like this: ${jsonSchema.pattern}`);
    },
  }) as Json;
}

function resource(json: Json, spec: Structural, status: Structural): Structural {
  const { apiVersion: _version, kind: _kind, metadata, spec: given, status: _status, ...rest } = json.properties ?? {};
  if (Object.keys(rest).length > 0) throw new Error(`a resource has no field ${Object.keys(rest).join(', ')}`);
  const { description } = given ?? {};
  return {
    type: 'object',
    required: ['spec'],
    properties: {
      // The API server knows them: it takes only a name in metadata.
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object', properties: { name: structural(metadata?.properties?.['name'] ?? {}, 'name') } },
      spec: { ...(description !== undefined && { description }), ...spec },
      status,
    },
  };
}

function targetResource(schema: z.ZodType): Structural {
  const json = jsonSchemaOf(schema);
  return resource(json, structural(json.properties?.['spec'] ?? {}, 'spec'), targetStatus);
}

/** A profile is complete, or it stands under `derived` and extends another: then it may leave everything out, and set null. */
function profileResource(): Structural {
  const json = jsonSchemaOf(profileSchema);
  const spec = structural(json.properties?.['spec'] ?? {}, 'spec');
  const { extends: _extends, ...properties } = spec.properties ?? {};
  const { required = [] } = spec;
  const rules: readonly Rule[] = [
    ...required.map((name): Rule => ({
      rule: `has(self.derived) || has(self.extends) || has(${member(name)})`,
      message: 'is missing',
      fieldPath: `.${name}`,
      reason: 'FieldValueRequired',
    })),
    {
      rule: '!has(self.extends)',
      message: 'a profile that extends another stands under derived: spec: {derived: {extends: NAME}}',
      fieldPath: '.extends',
      reason: 'FieldValueForbidden',
    },
    {
      rule: `!has(self.derived) || !(${Object.keys(properties)
        .map((name) => `has(${member(name)})`)
        .join(' || ')})`,
      message: 'must stand alone: the other fields go into it',
      fieldPath: '.derived',
      reason: 'FieldValueForbidden',
    },
    {
      rule: '!has(self.derived) || has(self.derived.extends)',
      message: 'must have extends',
      fieldPath: '.derived',
      reason: 'FieldValueRequired',
    },
  ];
  const derived: Structural = {
    description:
      'Instead of all other fields: a profile that extends another, as it is written in a file. agent-injector alone judges it: see status.',
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: {
      extends: { description: 'Profile to extend. The rest is merged over it.', type: 'string', maxLength: 53 },
    },
  };
  const moved: Structural = { description: 'Stands under derived.', type: 'string', maxLength: 53 };
  return resource(
    json,
    {
      type: 'object',
      properties: { ...properties, extends: moved, derived },
      'x-kubernetes-validations': [...(spec['x-kubernetes-validations'] ?? []), ...rules],
    },
    profileStatus,
  );
}
