import { isScalar, type ParseOptions, type ScalarTag, type SchemaOptions } from 'yaml';

/**
 * YAML as kubectl and the API server read it: sigs.k8s.io/yaml converts it to JSON with go.yaml.in/yaml/v2 (resolve.go). That is YAML 1.1 with
 * exceptions: `yes` is true and `0644` octal, but times, base-60 numbers (`1:30`) and `e2` are text. Keys are the text of their values.
 *
 * This dialect differs on purpose where reading on would hide a mistake. A duplicate key is an error: there the last one wins, and only strict
 * validation by the API server rejects it. An alias as a key and `!!binary` are errors, too.
 * Integers above 2^53 lose precision, like in any JSON that JavaScript parses. A float as a key has JavaScript's spelling.
 */
export const DIALECT: ParseOptions & SchemaOptions = {
  schema: 'yaml-1.1',
  resolveKnownTags: false,
  customTags: (library) => [
    'map',
    'seq',
    ...library.filter((tag) => typeof tag === 'object' && tag.tag === STRING),
    ...library.flatMap((tag) => (typeof tag === 'object' && !tag.collection && tag.tag === MERGE ? mergeTag(tag) : [])),
    keyTag,
    ...implicitTags,
    ...explicitTags,
  ],
};

const STRING = 'tag:yaml.org,2002:str';

const MERGE = 'tag:yaml.org,2002:merge';

type Plain = string | number | boolean | null;

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ...['', '~', 'null', 'Null', 'NULL'].map((text) => [text, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((text) => [text, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((text) => [text, false] as const),
]);

/** Matches every number, and texts that look like one: `plainValue` decides. */
const NUMBER_LIKE =
  /^(?:[-+]_*(?=[\d.])|(?=\d))(?:0_*[xX][\da-fA-F_]+|0_*[bB][01_]+|0_*[oO][0-7_]+|[\d_]*(?:\.[\d_]*)?(?:[eE][-+\d_]+)?)$|^\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?$/;

const INTEGER = /^([-+]?)(?:(0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|0|[1-9]\d*)|0([0-7]+))$/;

const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

/** The value of a plain (unquoted) scalar. */
function plainValue(text: string): Plain {
  const constant = CONSTANTS.get(text);
  if (constant !== undefined) return constant;
  return (NUMBER_LIKE.test(text) ? numberIn(text) : undefined) ?? text;
}

function numberIn(text: string): number | undefined {
  const digits = text.replaceAll('_', '');
  const integer = integerIn(digits);
  if (integer !== undefined) return integer;
  // A number too large for 64 bits is text.
  const float = FLOAT.test(digits) ? Number(digits) : undefined;
  return Number.isFinite(float) ? float : undefined;
}

function integerIn(text: string): number | undefined {
  const [, sign, digits, octal] = INTEGER.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const magnitude = BigInt(digits ?? `0o${octal}`);
  const bits = sign === '' ? 64n : 63n;
  if (magnitude > 2n ** bits - (sign === '-' ? 0n : 1n)) return undefined;
  return Number(sign === '-' ? -magnitude : magnitude);
}

/** Values keep the author's spelling when the library writes a document again. */
const stringify: ScalarTag['stringify'] = ({ source, value }) => source ?? JSON.stringify(value);

const implicitTags: readonly ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    identify: (value) => typeof value === 'boolean' || value === null,
    test: new RegExp(`^(?:${[...CONSTANTS.keys()].join('|')})$`),
    resolve: plainValue,
    stringify,
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    identify: (value) => typeof value === 'number',
    test: NUMBER_LIKE,
    resolve: plainValue,
    stringify,
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    resolve(text, onError) {
      onError(`JSON has no ${text}: put it in quotes`);
      return text;
    },
  },
];

const explicitTags: readonly ScalarTag[] = [
  explicitTag('null', (value) => value === null),
  explicitTag('bool', (value) => typeof value === 'boolean'),
  explicitTag('int', Number.isInteger),
  explicitTag('float', (value) => typeof value === 'number'),
  explicitTag('binary', () => false),
];

function explicitTag(name: string, isValid: (value: Plain) => boolean): ScalarTag {
  return {
    tag: `tag:yaml.org,2002:${name}`,
    resolve(text, onError) {
      const value = plainValue(text);
      if (!isValid(value)) onError(`!!${name} cannot be read from "${text}"`);
      return value;
    },
  };
}

/** Plain keys have the values of plain scalars, as text: `yes:` is the key "true", `0644:` the key "420". */
const keyTag: ScalarTag = {
  tag: STRING,
  default: 'key',
  test: /^/,
  resolve(text, onError) {
    const value = plainValue(text);
    if (value === null) onError('Map keys must not be null');
    return String(value);
  },
};

/** Merge keys (`<<`) as in go-yaml: merged values replace those of keys above the merge key. In the library, every explicit key has precedence. */
function mergeTag(library: ScalarTag): ScalarTag {
  return {
    ...library,
    resolve(text, onError, options) {
      const key = library.resolve(text, onError, options);
      if (!isScalar(key)) return key;
      const { addToJSMap } = key;
      key.addToJSMap = (context, map, value) => {
        const merged = new Map<unknown, unknown>();
        addToJSMap?.(context, merged, value);
        for (const [name, one] of merged) {
          if (map instanceof Map) map.set(name, one);
          else
            Object.defineProperty(map, String(name), {
              value: one,
              writable: true,
              enumerable: true,
              configurable: true,
            });
        }
      };
      return key;
    },
  };
}
