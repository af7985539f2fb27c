// JSON Schema, as zod writes it, to the structural schemas of CustomResourceDefinitions: no $ref, no unions, types everywhere, and a limit on each
// list and string, by which the API server bounds the cost of the rules.

/** A structural schema as far as we write it. */
export interface Structural {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly nullable?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly additionalProperties?: Structural;
  readonly items?: Structural;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

/** A rule in CEL. `self` is the object that has it. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueRequired' | 'FieldValueForbidden' | 'FieldValueInvalid';
}

/** What zod writes, as far as it is read here. */
export interface Json {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | boolean | null)[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Json>>;
  readonly additionalProperties?: Json | boolean;
  readonly propertyNames?: Json;
  readonly items?: Json;
  readonly oneOf?: readonly Json[];
  readonly anyOf?: readonly Json[];
}

const MAX_LENGTH = 1024;
const MAX_ITEMS = 64;

/** Limits by the name of a field, where the usual ones do not fit. */
const maxLengths: Readonly<Record<string, number>> = { content: 16_384, command: 4096, value: 4096, default: 4096 };
const maxLists: Readonly<Record<string, number>> = { environment: 256, deliveries: 16, command: 64 };

/** Anything: it is judged by agent-injector alone. */
const opaque = { 'x-kubernetes-preserve-unknown-fields': true } as const;

export function structural(json: Json, field = ''): Structural {
  const options = json.oneOf ?? json.anyOf;
  if (options && !isOnlyRequired(options)) return union(json, options, field);
  const described = { ...(describe(json) !== '' && { description: describe(json) }) };
  const { type = '' } = json;
  switch (type) {
    case 'object':
      return { ...described, ...object(json, field) };
    case 'array':
      return {
        ...described,
        type: 'array',
        ...pick(json, ['minItems']),
        maxItems: json['maxItems'] === undefined ? (maxLists[field] ?? MAX_ITEMS) : Number(json['maxItems']),
        items: structural(json.items ?? {}, field),
      };
    case 'string':
      return { ...described, ...text(json, field) };
    case 'integer':
      return { ...described, type: 'integer', format: 'int64', ...bounds(json) };
    case 'boolean':
      return { ...described, type: 'boolean', ...(json.enum && { enum: json.enum }) };
    default:
      return { ...described, ...opaque };
  }
}

function text(json: Json, field: string): Structural {
  if (json.enum) return { type: 'string', enum: json.enum };
  const maxLength = json['maxLength'] === undefined ? (maxLengths[field] ?? MAX_LENGTH) : Number(json['maxLength']);
  return { type: 'string', ...pick(json, ['minLength', 'pattern', 'format']), maxLength };
}

function bounds(json: Json): Structural {
  const isBound = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  return {
    ...(isBound(json['minimum']) && pick(json, ['minimum', 'exclusiveMinimum'])),
    ...(isBound(json['maximum']) && pick(json, ['maximum'])),
  };
}

function object(json: Json, field: string): Structural {
  const { properties = {}, additionalProperties: rest, required = [] } = json;
  const minimum = pick(json, ['minProperties']);
  if (typeof rest === 'object') {
    // Any object, with fields that are not ours.
    if (Object.keys(rest).length === 0) return { type: 'object', ...opaque, ...namedIn(properties, required) };
    const rules = keyRules(json.propertyNames);
    return {
      type: 'object',
      ...minimum,
      maxProperties: MAX_ITEMS,
      additionalProperties: structural(rest, field),
      ...(rules.length > 0 && { 'x-kubernetes-validations': rules }),
    };
  }
  const rules = [...exactlyOne(json.oneOf), ...atLeastOne(json.anyOf)];
  return {
    type: 'object',
    ...minimum,
    ...namedIn(properties, required),
    ...(rules.length > 0 && { 'x-kubernetes-validations': rules }),
  };
}

function namedIn(properties: Readonly<Record<string, Json>>, required: readonly string[]): Structural {
  const named = Object.entries(properties).map(([name, schema]) => [name, structural(schema, name)] as const);
  return {
    ...(required.length > 0 && { required }),
    ...(named.length > 0 && { properties: Object.fromEntries(named) }),
  };
}

/** The keys of a map. JSON Schema can say it, and a structural schema cannot. */
function keyRules(names: Json | undefined): readonly Rule[] {
  const { pattern, maxLength } = names ?? {};
  if (typeof pattern !== 'string') return [];
  const isShort = typeof maxLength === 'number' ? ` && size(key) <= ${maxLength}` : '';
  return [
    { rule: `self.all(key, key.matches(${celText(pattern)})${isShort})`, message: `each key must match ${pattern}` },
  ];
}

/** `oneOf: [{required: [a]}, {required: [b]}]` is how our schemas say that exactly one is there. */
function isOnlyRequired(options: readonly Json[]): boolean {
  return options.every((one) => Object.keys(one).join(',') === 'required');
}

const namesOf = (options: readonly Json[] = []): readonly string[] => options.flatMap(({ required = [] }) => required);

function exactlyOne(options: readonly Json[] | undefined): readonly Rule[] {
  return options ? [exactlyOneOf(namesOf(options))] : [];
}

function exactlyOneOf(names: readonly string[]): Rule {
  const found = names.map((name) => `has(${member(name)})`).join(', ');
  return { rule: `[${found}].exists_one(found, found)`, message: `must have one of ${words(names, 'and')}` };
}

function atLeastOne(options: readonly Json[] | undefined): readonly Rule[] {
  const names = namesOf(options);
  if (names.length === 0) return [];
  const rule = names.map((name) => `has(${member(name)})`).join(' || ');
  return [{ rule, message: `must have ${words(names, 'or')}` }];
}

function union(json: Json, options: readonly Json[], field: string): Structural {
  const description = describe(json);
  const described = { ...(description !== '' && { description }) };
  if (options.every((one) => one.properties)) return { ...described, ...flattened(options, field) };
  if (options.every((one) => one.type === 'string')) {
    const isNullable = options.some((one) => one['nullable'] === true);
    const texts = options.filter((one) => one['nullable'] !== true);
    const found = texts.length === 1 && texts[0] ? text(texts[0], field) : text({}, field);
    return { ...described, ...found, ...(isNullable && { nullable: true }) };
  }
  // Without `nullable`, the API server takes out a null.
  return { ...described, ...opaque, ...(options.some((one) => one['nullable'] === true) && { nullable: true }) };
}

/** Of several objects of which one is there, one with the fields of all, and a rule for each field that some of them do not have. */
function flattened(options: readonly Json[], field: string): Structural {
  const names = [...new Set(options.flatMap(({ properties = {} }) => Object.keys(properties)))];
  const kind = names.find((name) => options.every((option) => option.properties?.[name]?.enum?.length === 1));
  const properties = Object.fromEntries(names.map((name) => [name, merged(fieldsOf(options, name), name)] as const));
  const required = names.filter((name) => options.every((option) => option.required?.includes(name)));
  // CEL does not see a field without a type.
  const visible = names.filter((name) => properties[name]?.type !== undefined);
  const rules = kind === undefined ? memberRules(options, visible) : kindRules(options, visible, kind);
  const inside = options.flatMap((option) => {
    const { 'x-kubernetes-validations': own = [] } = object(option, field);
    const given = kind === undefined ? undefined : option.properties?.[kind]?.enum?.[0];
    if (kind === undefined || typeof given !== 'string') return own;
    return own.map((rule) => ({
      ...rule,
      rule: `${kindOf(options, kind)} != ${celText(given)} || ${rule.rule}`,
    }));
  });
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties,
    'x-kubernetes-validations': [...rules, ...inside],
  };
}

function fieldsOf(options: readonly Json[], name: string): readonly Json[] {
  return options.map(({ properties }) => properties?.[name]).filter((one) => one !== undefined);
}

/** One field of several objects: the same everywhere, words of which each object has its own, or of different types. */
function merged(fields: readonly Json[], name: string): Structural {
  const [first = {}] = fields;
  if (fields.every((one) => one.enum?.length === 1)) {
    const described = fields.map((one) => `${String(one.enum?.[0])}: ${one.description ?? ''}`);
    return { description: described.join(' '), type: 'string', enum: fields.flatMap((one) => one.enum ?? []) };
  }
  const each = fields.map((one) => structural(one, name));
  const shape = ({ description: _, ...one }: Structural): string => JSON.stringify(one);
  const description = [...new Set(each.map((one) => one.description ?? ''))].filter((one) => one !== '').join(' Or: ');
  const described = { ...(description !== '' && { description }) };
  if (each.every((one) => shape(one) === shape(each[0] ?? {}))) return { ...structural(first, name), ...described };
  if (each.every((one) => one.type === 'string')) {
    const maxLength = Math.max(...each.map((one) => one.maxLength ?? MAX_LENGTH));
    return { ...described, type: 'string', maxLength };
  }
  if (each.every((one) => one.type === 'array')) {
    const items = fields.map((one) => one.items ?? {});
    return { ...described, type: 'array', maxItems: maxLists[name] ?? MAX_ITEMS, items: merged(items, name) };
  }
  return { ...described, ...opaque };
}

function memberRules(options: readonly Json[], visible: readonly string[]): readonly Rule[] {
  const names = options.map(({ required = [] }) => required[0] ?? '');
  return names.every((name) => visible.includes(name)) ? [exactlyOneOf(names)] : [];
}

/** The value that says which of the objects it is. One may be left out where it is the usual one. */
function kindOf(options: readonly Json[], kind: string): string {
  const usual = options.find(({ required = [] }) => !required.includes(kind))?.properties?.[kind]?.enum?.[0];
  return typeof usual !== 'string' ? member(kind) : `(has(${member(kind)}) ? ${member(kind)} : ${celText(usual)})`;
}

function kindRules(options: readonly Json[], names: readonly string[], kind: string): readonly Rule[] {
  const found = kindOf(options, kind);
  const kindsWith = (test: (option: Json) => boolean): readonly string[] =>
    options.filter(test).flatMap(({ properties }) => (properties?.[kind]?.enum ?? []).map(String));
  const oneOf = (kinds: readonly string[]): string => `${found} in [${kinds.map(celText).join(', ')}]`;
  return names.flatMap((name): readonly Rule[] => {
    if (name === kind) return [];
    const having = kindsWith(({ properties = {} }) => name in properties);
    const needing = kindsWith(({ required = [] }) => required.includes(name));
    return [
      ...(having.length < options.length
        ? [
            {
              rule: `!has(${member(name)}) || ${oneOf(having)}`,
              message: `only with ${kind} ${words(having, 'or')}`,
              fieldPath: `.${name}`,
              reason: 'FieldValueForbidden' as const,
            },
          ]
        : []),
      ...(needing.length > 0 && needing.length < options.length
        ? [
            {
              rule: `has(${member(name)}) || !(${oneOf(needing)})`,
              message: `required with ${kind} ${words(needing, 'or')}`,
              fieldPath: `.${name}`,
              reason: 'FieldValueRequired' as const,
            },
          ]
        : []),
    ];
  });
}

/** The words of CEL that are escaped in names (k8s.io/apiserver, cel/escaping.go). */
const CEL_WORDS = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(' '),
);

/** A field of `self` in CEL. */
export function member(name: string): string {
  return `self.${CEL_WORDS.has(name) ? `__${name}__` : name}`;
}

export function celText(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function words(all: readonly string[], last: 'and' | 'or'): string {
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} ${last} ${all.at(-1) ?? ''}`;
}

/** Defaults stay ours: the API server would write them into the object, which a GitOps tool then takes for a difference. */
function describe({ description = '', default: fallback }: Json): string {
  const isPlain = ['string', 'number', 'boolean'].includes(typeof fallback) && fallback !== '';
  if (!isPlain || description.includes('Default')) return description;
  return `${description}${description === '' ? '' : ' '}Default: ${String(fallback)}.`;
}

function pick(json: Json, keywords: readonly string[]): Structural {
  return Object.fromEntries(keywords.flatMap((one) => (json[one] === undefined ? [] : [[one, json[one]]])));
}
