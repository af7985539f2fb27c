import { isObjectName } from '../kubernetes/names.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import { matchesGlob } from '../lib/glob.ts';

/** Longer values are refused: they end up in a container's environment, and a pod must stay small. */
const MAX_LENGTH = 1024;

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?$/;

/** A name, or an address of either kind. `10.0.0.4:5000` is neither: the port is a parameter of its own. */
function isHost(text: string): boolean {
  // Whoever resolves a name takes digits and dots for an IPv4 address, so they must be one.
  if (/^[0-9.]+$/.test(text)) return isAddress(text);
  return HOST_NAME.test(text) || (text.includes(':') && isAddress(`[${text}]`));
}

/** The URL standard's own parser knows addresses, IPv6 in brackets. It completes what it reads, so digits must come out as they went in. */
function isAddress(text: string): boolean {
  const parsed = URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`).hostname : undefined;
  return text.startsWith('[') ? parsed !== undefined : parsed === text;
}

/** An image reference with a host or a path, a tag, a digest (github.com/distribution/reference regexp.go, a little narrower). */
const IMAGE =
  /^(?=.{1,512}$)[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[a-f0-9]{64})?$/;

/** Whether a container runtime can read the reference; one that it cannot keeps the pod from starting (InvalidImageName). */
export function isImage(text: string): boolean {
  const name = text.includes('/') ? '' : (text.split(/[:@]/, 1)[0] ?? '');
  return IMAGE.test(text) && name === name.toLowerCase();
}

/** A tag as OCI wants it; no `..` can be one, so it is safe as a directory, too. */
const VERSION = /^\w[\w.-]{0,127}$/;

/** What reaches an option list (JAVA_TOOL_OPTIONS) as a part of one word of it. */
const WORD = /^[^\s"'`\\$]{1,1024}$/;

const PATH = /^\/[\w./@+-]*$/;

// oxlint-disable-next-line eslint/no-control-regex -- the characters that no value may hold
const CONTROL = /[\u0000-\u001f\u007f]/;

/** What the values of one type are: in words that follow "must be", and by a test of the text that a user wrote. */
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
    expected: () => 'text without blanks, quotes, "$" and backslashes',
    accepts: (_, text) => WORD.test(text),
  },
  host: { expected: () => 'a host name or an IP address', accepts: (_, text) => isHost(text) },
  url: { expected: () => 'a URL that begins with http:// or https://', accepts: (_, text) => isUrl(text) },
  objectName: {
    expected: () => 'the name of a Kubernetes object (a-z, 0-9, "-" and ".")',
    accepts: (_, text) => isObjectName(text),
  },
  image: {
    expected: ({ allowed }) => `the reference of an image${among(allowed)}`,
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
};

function kindOf(parameter: Parameter): Kind<Parameter> {
  // The table's type pairs every type with the parameters of that type; TypeScript cannot follow the pairing through an index.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return kinds[parameter.type] as Kind<Parameter>;
}

/** What a value of this parameter must be, in words that follow "must be". */
export function expectation(parameter: Parameter): string {
  return kindOf(parameter).expected(parameter);
}

/** Whether the text, as a user wrote it, is a value of this parameter. */
export function accepts(parameter: Parameter, text: string): boolean {
  return text.length <= MAX_LENGTH && !CONTROL.test(text) && kindOf(parameter).accepts(parameter, text);
}

function isUrl(text: string): boolean {
  return WORD.test(text) && /^https?:\/\/[^/]/.test(text) && URL.canParse(text);
}

function isAmong(allowed: readonly string[] | undefined, text: string): boolean {
  return !allowed || allowed.some((pattern) => matchesGlob(pattern, text, MAX_LENGTH));
}

function among(allowed: readonly string[] | undefined): string {
  return allowed ? ` that the profile allows (${allowed.join(', ')})` : '';
}

/** Only the plain spelling: `07`, `1e3` and ` 5` would reach the agent as written and mean something else there. */
function integerWithin(text: string, minimum: number, maximum: number): boolean {
  return /^(0|-?[1-9][0-9]{0,14})$/.test(text) && Number(text) >= minimum && Number(text) <= maximum;
}
