import { code, table } from '../support/markdown.ts';
import { completeProfile, type JsonSchema } from './profile-json-schema.ts';

const schema = completeProfile();

/** Where on the page the parts with a name of their own are told. */
const anchors: Readonly<Record<string, string>> = {
  condition: '[condition](#conditions)',
  delivery: '[delivery](#deliveries)',
  environmentEntry: '[entry](#environment)',
  lifeSign: '[sign of life](#signs-of-life)',
  matcher: '[matcher](#matchers)',
  parameter: '[parameter](#parameters)',
  signsOfLife: '[signs of life](#signs-of-life)',
};

const definition = (name: string): JsonSchema => schema.definitions?.[name] ?? {};

const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1);

function below(start: JsonSchema, ...path: readonly string[]): JsonSchema {
  return path.reduce<JsonSchema>((at, step) => (step === '[]' ? at.items : at.properties?.[step]) ?? {}, start);
}

function typeText(one: JsonSchema): string {
  const reference = one.$ref ?? one.allOf?.find(({ $ref }) => $ref !== undefined)?.$ref;
  if (reference !== undefined) return anchors[nameOf(reference)] ?? nameOf(reference);
  if (one.const !== undefined) return code(plain(one.const));
  if (one.enum) return one.enum.map((value) => (value === '' ? 'empty' : code(String(value)))).join(' or ');
  const options = one.oneOf ?? one.anyOf;
  if (options) return [...new Set(options.map(typeText))].join(' or ');
  if (one.type === 'array') return `list of ${typeText(one.items ?? {})}`;
  if (one.type === 'object') return 'additionalProperties' in one && !one.properties ? 'map' : 'object';
  return Array.isArray(one.type) ? one.type.join(' or ') : String(one.type ?? 'any');
}

function defaultText(one: JsonSchema, isRequired: boolean): string {
  if (isRequired) return 'required';
  return one.default === undefined || ['[]', '{}'].includes(JSON.stringify(one.default))
    ? ''
    : code(plain(one.default));
}

const plain = (value: unknown): string => (typeof value === 'string' ? value || '""' : JSON.stringify(value));

/** The fields of an object. */
function fields(of: JsonSchema): string {
  return table(
    ['field', 'value', 'default', 'meaning'],
    Object.entries(of.properties ?? {}).map(([name, one]) => [
      code(name),
      typeText(one),
      defaultText(one, of.required?.includes(name) ?? false),
      one.description ?? '',
    ]),
  );
}

interface Kind {
  readonly name: string;
  readonly schema: JsonSchema;
}

/** The fields of the kinds of a choice, each with the kinds that have it. */
function fieldsOfKinds(all: readonly Kind[], by?: string): string {
  const fieldOf = ({ schema: one }: Kind, name: string): JsonSchema | undefined => one.properties?.[name];
  const names = new Set(all.flatMap((kind) => Object.keys(kind.schema.properties ?? {})));
  const requiredText = (having: readonly Kind[], name: string): string | undefined => {
    const requiring = having.filter((kind) => kind.schema.required?.includes(name));
    if (requiring.length === 0) return undefined;
    return requiring.length === having.length
      ? 'required'
      : `required for ${requiring.map((kind) => code(kind.name)).join(', ')}`;
  };
  return table(
    ['field', 'of', 'value', 'default', 'meaning'],
    [...names].flatMap((name): string[][] => {
      if (name === by) return [];
      const having = all.filter((kind) => fieldOf(kind, name));
      const ones = having.map((kind) => fieldOf(kind, name) ?? {});
      const defaults = [...new Set(ones.map((one) => defaultText(one, false)))].filter((one) => one !== '');
      return [
        [
          code(name),
          having.length === all.length ? 'all' : having.map((kind) => code(kind.name)).join(', '),
          [...new Set(ones.flatMap((one) => typeText(one).split(' or ')))].join(' or '),
          requiredText(having, name) ?? defaults.join(' or '),
          ones.find((one) => one.description !== undefined)?.description ?? '',
        ],
      ];
    }),
  );
}

/** The kinds of a choice, told apart by one field; and their fields. */
function kinds(of: JsonSchema, by: string): string {
  const options = (of.oneOf ?? []).map((one): Kind => ({ name: String(one.properties?.[by]?.const), schema: one }));
  return [
    table(
      [code(by), 'meaning'],
      options.map(({ name, schema: one }) => [code(name), one.properties?.[by]?.description ?? '']),
    ),
    fieldsOfKinds(options, by),
  ].join('\n\n');
}

/** The kinds of a choice, each a member; what stands beside them; and what is in them. */
function members(of: JsonSchema): string {
  const names = (of.oneOf ?? []).flatMap((one) => one.required ?? []);
  const options = names.map((name): Kind => ({ name, schema: of.properties?.[name] ?? {} }));
  const beside = Object.entries(of.properties ?? {}).filter(([name]) => !names.includes(name));
  const inside = options.filter(({ schema: one }) => Object.keys(one.properties ?? {}).length > 0);
  return [
    table(
      ['member', 'value', 'meaning'],
      options.map(({ name, schema: one }) => [code(name), typeText(one), one.description ?? '']),
    ),
    ...(beside.length > 0 ? [fields({ properties: Object.fromEntries(beside) })] : []),
    ...(inside.length > 0 ? [fieldsOfKinds(inside)] : []),
  ].join('\n\n');
}

const spec = below(schema, 'spec');

/** The tables of docs/profile-language.md, from the schema that profiles are read by. */
export const schemaTables: Readonly<Record<string, () => string>> = {
  spec: () => fields(spec),
  constraints: () => fields(below(spec, 'constraints')),
  containers: () => fields(below(spec, 'containers')),
  matchers: () => members(definition('matcher')),
  advice: () => fields(below(spec, 'conflicts', '[]')),
  parameters: () => kinds(definition('parameter'), 'type'),
  variants: () => fields(below(spec, 'variants', '[]')),
  deliveries: () => members(definition('delivery')),
  mounts: () => fields(below(spec, 'mounts', '[]')),
  writablePaths: () => fields(below(spec, 'writablePaths', '[]')),
  files: () => fields(below(spec, 'files', '[]')),
  objects: () => fields(below(spec, 'objects', '[]')),
  environment: () => kinds(definition('environmentEntry'), 'operation'),
  conditions: () => members(definition('condition')),
  signsOfLife: () => fields(definition('signsOfLife')),
  lifeSigns: () => members(definition('lifeSign')),
  tests: () => fields(below(spec, 'tests', '[]')),
  expect: () => fields(below(spec, 'tests', '[]', 'expect')),
};
