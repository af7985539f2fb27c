import { code, table } from '../support/markdown.ts';
import { completeProfile, type JsonSchema } from './profile-json-schema.ts';

const schema = completeProfile();

/** Where on the page the parts with a name of their own are told. */
const anchors: Readonly<Record<string, string>> = {
  condition: '[condition](#conditions)',
  delivery: '[delivery](#deliveries)',
  environmentEntry: '[entry](#environment)',
  lifeSign: '[sign of life](#signs-of-life)',
  parameter: '[parameter](#parameters)',
  sign: '[sign](#signs)',
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

/** The kinds of a choice, told apart by one field; and their fields, with the kinds that have them. */
function kinds(of: JsonSchema, by: string): string {
  const options = of.oneOf ?? [];
  const kindOf = (one: JsonSchema): string => String(one.properties?.[by]?.const);
  const names = [...new Set(options.flatMap((one) => Object.keys(one.properties ?? {})))].filter((name) => name !== by);
  const requiredText = (having: readonly JsonSchema[], name: string): string | undefined => {
    const requiring = having.filter((one) => one.required?.includes(name));
    if (requiring.length === 0) return undefined;
    return requiring.length === having.length
      ? 'required'
      : `required for ${requiring.map((one) => code(kindOf(one))).join(', ')}`;
  };
  return [
    table(
      [code(by), 'meaning'],
      options.map((one) => [code(kindOf(one)), one.properties?.[by]?.description ?? '']),
    ),
    table(
      ['field', 'of', 'value', 'default', 'meaning'],
      names.map((name) => {
        const having = options.filter((one) => one.properties?.[name]);
        const ones = having.map((one) => one.properties?.[name] ?? {});
        const each = (text: (one: JsonSchema) => string): string =>
          [...new Set(ones.map(text))].filter((one) => one !== '').join(' or ');
        return [
          code(name),
          having.length === options.length ? 'all' : having.map((one) => code(kindOf(one))).join(', '),
          [...new Set(ones.flatMap((one) => typeText(one).split(' or ')))].join(' or '),
          requiredText(having, name) ?? each((one) => defaultText(one, false)),
          ones.find((one) => one.description !== undefined)?.description ?? '',
        ];
      }),
    ),
  ].join('\n\n');
}

const spec = below(schema, 'spec');

/** The tables of docs/profile-language.md, from the schema that profiles are read by. */
export const schemaTables: Readonly<Record<string, () => string>> = {
  spec: () => fields(spec),
  constraints: () => fields(below(spec, 'constraints')),
  containers: () => fields(below(spec, 'containers')),
  signs: () => kinds(definition('sign'), 'in'),
  advice: () => fields(below(spec, 'conflicts', '[]')),
  parameters: () => kinds(definition('parameter'), 'type'),
  variants: () => fields(below(spec, 'variants', '[]')),
  deliveries: () => kinds(definition('delivery'), 'type'),
  mounts: () => fields(below(spec, 'mounts', '[]')),
  writable: () => fields(below(spec, 'writable', '[]')),
  files: () => fields(below(spec, 'files', '[]')),
  objects: () => fields(below(spec, 'objects', '[]')),
  environment: () => kinds(definition('environmentEntry'), 'operation'),
  conditions: () => kinds(definition('condition'), 'if'),
  signsOfLife: () => fields(definition('signsOfLife')),
  lifeSigns: () => kinds(definition('lifeSign'), 'in'),
  tests: () => fields(below(spec, 'tests', '[]')),
  expect: () => fields(below(spec, 'tests', '[]', 'expect')),
};
