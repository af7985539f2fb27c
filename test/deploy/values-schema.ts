import { LIBCS, SUSPENDED } from '../../src/api/keys.ts';
import type { Parameter } from '../../src/api/profile/parameter.ts';
import { catalogue } from '../support/fixtures.ts';

type Schema = true | Readonly<Record<string, unknown>>;

/** What the schema of the chart says of every default: a string, a number or a boolean. */
const SCALAR: Schema = true;
const BOOLEAN: Schema = { enum: [true, false, 'true', 'false'] };

const integer = (minimum: number, maximum: number): Schema => ({
  anyOf: [
    { type: 'integer', minimum, maximum },
    { type: 'string', pattern: '^(0|-?[1-9][0-9]*)$' },
  ],
});

/** Helm reads `on` as true, which the server would refuse. */
const fixed: Readonly<Record<string, Schema>> = {
  inject: BOOLEAN,
  libc: { enum: [...LIBCS] },
  'image-volumes': { enum: ['auto', 'on', 'off'] },
};

function schemaOf(parameter: Parameter): Schema {
  if (parameter.type === 'integer') return integer(parameter.minimum, parameter.maximum);
  if (parameter.type === 'port') return integer(1, 65_535);
  if (parameter.type === 'boolean') return BOOLEAN;
  return parameter.type === 'enum' ? { enum: parameter.values } : SCALAR;
}

/** The parameters that a name sets: `NAME` those of all profiles, `NAME.PROFILE` that of one. */
function declarationsOf(name: string): readonly Parameter[] {
  return [...catalogue.profiles.values()].flatMap(({ name: profile, parameters }) => {
    const own = name.endsWith(`.${profile}`) ? name.slice(0, -profile.length - 1) : name;
    return parameters.get(own) ?? [];
  });
}

function valueOf(name: string): Schema {
  const schemas = declarationsOf(name).map((parameter) => JSON.stringify(schemaOf(parameter)));
  const distinct = [...new Set(schemas)].map((text) => JSON.parse(text) as Schema);
  const [only = SCALAR] = distinct;
  return fixed[name] ?? (distinct.length > 1 ? { allOf: distinct } : only);
}

/** The condition of the chart's schema under which `defaults` can be checked, and how: own profiles can have other parameters. */
export function defaultsSchema(): object {
  const names = [...catalogue.knownSettings].filter((name) => name.split('.')[0] !== SUSPENDED).toSorted();
  return {
    if: { properties: { profiles: { maxProperties: 0 }, profilesConfigMap: { const: '' } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: {
      properties: {
        defaults: {
          additionalProperties: false,
          properties: Object.fromEntries(names.map((name) => [name, valueOf(name)])),
        },
      },
    },
  };
}
