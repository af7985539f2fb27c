import { z } from 'zod';
import { conditionSchema } from '../../src/api/profile/condition.ts';
import { deliverySchema } from '../../src/api/profile/delivery.ts';
import { environmentSchema } from '../../src/api/profile/environment.ts';
import { parameterSchema } from '../../src/api/profile/parameter.ts';
import { profileSchema } from '../../src/api/profile/profile.ts';
import { matcherSchema } from '../../src/api/profile/matcher.ts';
import { lifeSignSchema, signsOfLifeSchema } from '../../src/api/profile/signs-of-life.ts';

/** A JSON Schema as far as we look at it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

// The parts that stand in several places, or are worth a name: definitions of their own.
for (const [id, schema] of Object.entries({
  condition: conditionSchema,
  delivery: deliverySchema,
  environmentEntry: environmentSchema,
  lifeSign: lifeSignSchema,
  matcher: matcherSchema,
  parameter: parameterSchema,
  signsOfLife: signsOfLifeSchema,
})) {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id });
}

/** What a complete profile is, from the schema that the product reads profiles by. Draft 7: what editors speak. */
export function completeProfile(): JsonSchema {
  return z.toJSONSchema(profileSchema, { io: 'input', target: 'draft-7' }) as JsonSchema;
}

const suffix = 'OfDerived';

/** A part of a profile that derives from another: nothing must be there, and null takes out what the other one has. */
function relaxed(schema: JsonSchema, key = ''): JsonSchema {
  const { required: _, oneOf, ...rest } = schema;
  const loosened = Object.fromEntries(
    Object.entries({ ...rest, ...(oneOf && { anyOf: oneOf }) }).map(([keyword, value]) => [
      keyword,
      relaxedKeyword(keyword, value),
    ]),
  ) as JsonSchema;
  // `oneOf: [{required}, …]` says what must be there: nothing must.
  if (oneOf?.every((one) => Object.keys(one).join(',') === 'required')) delete (loosened as { anyOf?: unknown }).anyOf;
  const isFixed = ['apiVersion', 'kind', 'metadata', 'extends', 'type'].includes(key);
  return isFixed || key === '' ? loosened : orNull(loosened);
}

/** By what a thing in a list is known, to be merged with an inherited one. */
const NAMES = ['name', 'path', 'code'];

/** A thing with a name can be taken out of an inherited list. The references are followed by `profileJsonSchema`. */
function removable(schema: JsonSchema): JsonSchema {
  const { properties, anyOf } = schema;
  if (anyOf) return { ...schema, anyOf: anyOf.map(removable) };
  if (!properties || !NAMES.some((name) => name in properties)) return schema;
  return { ...schema, properties: { ...properties, remove: { type: 'boolean', const: true, description: REMOVE } } };
}

/** Matchers and conditions have names, too, but stand in lists that are replaced whole, or in none. */
function derivedDefinition(name: string, schema: JsonSchema): JsonSchema {
  return ['parameter', 'delivery', 'environmentEntry'].includes(name) ? removable(schema) : schema;
}

const REMOVE = 'Takes the inherited one of this name out.';

function orNull(schema: JsonSchema): JsonSchema {
  const { type } = schema;
  return typeof type === 'string' && !('const' in schema) && !('enum' in schema)
    ? { ...schema, type: [type, 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
}

function relaxedKeyword(keyword: string, value: unknown): unknown {
  switch (keyword) {
    case 'properties':
      return Object.fromEntries(
        Object.entries(value as Record<string, JsonSchema>).map(([key, schema]) => [key, relaxed(schema, key)]),
      );
    case 'items':
      return removable(relaxed(value as JsonSchema));
    case 'anyOf':
    case 'allOf':
      return (value as JsonSchema[]).map((one) => relaxed(one));
    case '$ref':
      return `${String(value)}${suffix}`;
    default:
      return value;
  }
}

/** The published schema: a profile is complete, or it says which one it extends and may then leave out everything. */
export function profileJsonSchema(): JsonSchema {
  const { $schema, definitions = {}, ...profile } = completeProfile();
  const { properties } = profile;
  const metadata = properties?.['metadata'] ?? {};
  const derived = relaxed(profile);
  const own = Object.entries(definitions);
  const definition = ({ id: _, $schema: __, ...schema }: JsonSchema): JsonSchema => schema;
  return {
    $schema,
    title: 'AgentProfile',
    description: 'An APM agent as data, for agent-injector: docs/profile-language.md.',
    type: 'object',
    if: { required: ['spec'], properties: { spec: { type: 'object', required: ['extends'] } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { $ref: '#/definitions/profileOfDerived' },
    else: { $ref: '#/definitions/profile' },
    definitions: {
      profile,
      profileOfDerived: {
        ...derived,
        properties: { ...derived.properties, metadata },
        required: ['apiVersion', 'kind', 'metadata', 'spec'],
      },
      ...Object.fromEntries(own.map(([name, schema]) => [name, definition(schema)])),
      ...Object.fromEntries(
        own.map(([name, schema]) => [`${name}${suffix}`, derivedDefinition(name, relaxed(definition(schema)))]),
      ),
    },
  };
}
