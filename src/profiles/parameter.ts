import { isObjectName } from '../kubernetes/names.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import { matchesGlob } from '../lib/glob.ts';
import { parametersOf, parseTemplate } from './template.ts';
import { isOptionalFact } from './variables/optional-facts.ts';
import { areVariables } from './variables/further.ts';

/** Values end up in a container's environment, and a pod must stay small. */
const MAX_LENGTH = 1024;

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?$/;

function isHost(text: string): boolean {
  // Resolvers treat digits and dots as an IPv4 address, so the value must be a valid one.
  if (/^[0-9.]+$/.test(text)) return /\d/.test(text) && isAddress(text);
  return HOST_NAME.test(text) || (IPV6_CHARACTERS.test(text) && isAddress(`[${text}]`));
}

/** Checked before the URL parser sees the text, which could end the address itself: `::1]/ …[`. */
const IPV6_CHARACTERS = /^(?=.*:)[0-9A-Fa-f:.]{2,45}$/;

/** The URL parser accepts addresses (IPv6 in brackets). It completes short ones such as `10.1`, so an IPv4 address must come out unchanged. */
function isAddress(text: string): boolean {
  const parsed = URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`).hostname : undefined;
  return text.startsWith('[') ? parsed !== undefined : parsed === text;
}

/** An image reference with a host or a path, a tag, a digest (github.com/distribution/reference regexp.go, a little narrower). */
const IMAGE =
  /^(?=.{1,512}$)[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[a-f0-9]{64})?$/;

/** True for references that a container runtime can parse: with any other the pod does not start (InvalidImageName). */
export function isImage(text: string): boolean {
  const name = text.includes('/') ? '' : (text.split(/[:@]/, 1)[0] ?? '');
  return IMAGE.test(text) && name === name.toLowerCase();
}

/** An OCI tag. It cannot be `..`, so it is also safe as the name of a directory. */
const VERSION = /^\w[\w.-]{0,127}$/;

const WORD = /^[^\s"'`\\$]{1,1024}$/;

const PATH = /^\/[\w./@+-]*$/;

// oxlint-disable-next-line eslint/no-control-regex -- control characters are what this matches
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A type of parameters: a description of its values that follows "must be", and the test of a value as written. */
interface Kind<Declared> {
  readonly expected: (parameter: Declared) => string;
  readonly accepts: (parameter: Declared, text: string) => boolean;
}

type Kinds = { readonly [type in Parameter['type']]: Kind<Extract<Parameter, { type: type }>> };

const kinds: Kinds = {
  string: {
    expected: () => `text of at most ${MAX_LENGTH} characters without control characters`,
    accepts: () => true,
  },
  word: {
    expected: () => 'text without spaces, quotes, "$" or backslashes',
    accepts: (_, text) => WORD.test(text),
  },
  host: { expected: () => 'a host name or an IP address', accepts: (_, text) => isHost(text) },
  url: {
    expected: ({ schemes = HTTP, references = [] }) => {
      const variables = references.map((name) => `"$(${name})"`).join(' or ');
      return `a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}, without spaces, quotes and "$"${variables === '' ? '' : ` other than in ${variables}`}`;
    },
    accepts: ({ schemes = HTTP, references = [] }, text) => isUrl(withoutReferences(text, references), schemes),
  },
  objectName: {
    expected: () => 'the name of a Kubernetes object (a-z, 0-9, "-" and ".")',
    accepts: (_, text) => isObjectName(text),
  },
  image: {
    expected: ({ allowed }) => `an image reference${among(allowed)}`,
    accepts: ({ allowed }, text) => isImage(text) && isAmong(allowed, text),
  },
  version: {
    expected: () => 'a version: letters, digits, "_", "." and "-"',
    accepts: (_, text) => VERSION.test(text),
  },
  path: {
    expected: ({ allowed }) => `an absolute path${among(allowed)}`,
    accepts: ({ allowed }, text) => PATH.test(text) && !text.split('/').includes('..') && isAmong(allowed, text),
  },
  boolean: { expected: () => '"true" or "false"', accepts: (_, text) => ['true', 'false'].includes(text) },
  port: { expected: () => 'a port from 1 to 65535', accepts: (_, text) => integerWithin(text, 1, 65_535) },
  integer: {
    expected: ({ minimum, maximum }) => `an integer from ${minimum} to ${maximum}`,
    accepts: ({ minimum, maximum }, text) => integerWithin(text, minimum, maximum),
  },
  enum: {
    expected: ({ values }) => `one of ${values.join(', ')}`,
    accepts: ({ values }, text) => values.includes(text),
  },
  assignments: {
    expected: () => 'pairs NAME=VALUE, comma-separated, without spaces, quotes, "$" and backslashes',
    accepts: (_, text) => WORD.test(text) && text.split(',').every((pair) => ASSIGNMENT.test(pair)),
  },
  variables: {
    expected: ({ allowed, except }) =>
      `variables NAME=VALUE, separated by blanks or new lines, of ${allowed.join(', ')}${except ? ` (not ${except.join(', ')})` : ''}`,
    accepts: areVariables,
  },
};

const ASSIGNMENT = /^[^=,]+=[^=,]*$/;

const HTTP = ['http', 'https'] as const;

/** The text with an address in place of each `$(NAME)` of these names. */
function withoutReferences(text: string, names: readonly string[]): string {
  return names.reduce((rest, name) => rest.replaceAll(`$(${name})`, '10.0.0.1'), text);
}

function kindOf(parameter: Parameter): Kind<Parameter> {
  // The table pairs each type with its parameters; TypeScript does not follow the pairing through an index.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return kinds[parameter.type] as Kind<Parameter>;
}

export function mayBeUnset({ required, default: value }: Parameter): boolean {
  if (required) return false;
  return value === undefined || (typeof value === 'string' && parametersOf(parseTemplate(value)).some(isOptionalFact));
}

/** A description of the parameter's values that follows "must be". */
export function expectation(parameter: Parameter): string {
  return kindOf(parameter).expected(parameter);
}

export function accepts(parameter: Parameter, text: string): boolean {
  const line = parameter.type === 'variables' ? text.replaceAll(/[\t\r\n]/g, ' ') : text;
  return text.length <= MAX_LENGTH && !CONTROL.test(line) && kindOf(parameter).accepts(parameter, line);
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  if (!WORD.test(text)) return false;
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [];
  if (!schemes.includes(scheme)) return false;
  return scheme === 'unix'
    ? PATH.test(rest) && !rest.split('/').includes('..')
    : /^[^/]/.test(rest) && URL.canParse(text);
}

function isAmong(allowed: readonly string[] | undefined, text: string): boolean {
  return !allowed || allowed.some((pattern) => matchesGlob(pattern, text, MAX_LENGTH));
}

function among(allowed: readonly string[] | undefined): string {
  return allowed ? ` that the profile allows (${allowed.join(', ')})` : '';
}

/** Accepts the plain spelling only: `07`, `1e3` and ` 5` would reach the agent as written and have another meaning there. */
function integerWithin(text: string, minimum: number, maximum: number): boolean {
  return /^(0|-?[1-9][0-9]{0,14})$/.test(text) && Number(text) >= minimum && Number(text) <= maximum;
}
