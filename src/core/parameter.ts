import { z } from 'zod';
import { matchesGlob } from './glob.ts';

/** Who may give a parameter its value, weakest first. */
const setters = ['cluster', 'namespace', 'pod', 'container'] as const;

const meta = {
  name: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be words of a-z and 0-9 joined by dashes'),
  description: z.string(),
  required: z.boolean().default(false).describe('Without a value, the pod is not injected.'),
  settableBy: z
    .array(z.enum(setters))
    .default([...setters])
    .describe(
      'Who may give it a value: a guard rail for tenants. What anybody else says is passed over, with a warning.',
    ),
};
const allowed = z
  .array(z.string().min(1))
  .optional()
  .describe('Globs (*, ?): a value must match one of them, whoever gives it.');
const text = z.string().optional();

/** How a profile declares a parameter. What differs between types is in their rows below, nowhere else. */
export const parameterSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...meta, type: z.literal('string'), default: text }),
  z.strictObject({ ...meta, type: z.literal('word').describe('Text without blanks and quotes.'), default: text }),
  z.strictObject({ ...meta, type: z.literal('host'), default: text }),
  z.strictObject({ ...meta, type: z.literal('url').describe('http:// or https://'), default: text }),
  z.strictObject({ ...meta, type: z.literal('objectName'), default: text }),
  z.strictObject({
    ...meta,
    type: z.literal('image').describe('A reference to an OCI image.'),
    default: text,
    allowed,
  }),
  z.strictObject({ ...meta, type: z.literal('version').describe("An image's tag, or a directory."), default: text }),
  z.strictObject({ ...meta, type: z.literal('path').describe('An absolute path.'), default: text, allowed }),
  z.strictObject({ ...meta, type: z.literal('boolean'), default: z.boolean().optional() }),
  z.strictObject({ ...meta, type: z.literal('port'), default: z.int().optional() }),
  z.strictObject({
    ...meta,
    type: z.literal('integer'),
    default: z.int().optional(),
    minimum: z.int(),
    maximum: z.int(),
  }),
  z.strictObject({ ...meta, type: z.literal('enum'), default: text, values: z.array(z.string()).min(1) }),
]);

export type Parameter = z.infer<typeof parameterSchema>;

/** Longer values are refused: they end up in a container's environment, and a pod must stay small. */
const LONGEST = 1024;

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

/** RFC 1123 subdomain, as Kubernetes wants names of objects (apimachinery pkg/util/validation IsDNS1123Subdomain). */
const OBJECT_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** An image reference with a host or a path, a tag, a digest (github.com/distribution/reference regexp.go, a little narrower). */
const IMAGE =
  /^(?=.{1,512}$)[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[a-f0-9]{64})?$/;

/** A tag as OCI wants it; no `..` can be one, so it is safe as a directory, too. */
const VERSION = /^\w[\w.-]{0,127}$/;

/** What reaches an option list (JAVA_TOOL_OPTIONS) as a part of one word of it. */
const WORD = /^[^\s"'`\\$]{1,1024}$/;

const PATH = /^\/[\w./@+-]*$/;

// oxlint-disable-next-line eslint/no-control-regex -- the characters that no value may hold
const CONTROL = /[\u0000-\u001f\u007f]/;

/** What a value of this parameter must be, in words that follow "must be". */
export function expectation(parameter: Parameter): string {
  switch (parameter.type) {
    case 'string':
      return `text of at most ${LONGEST} characters without control characters`;
    case 'word':
      return 'text without blanks, quotes, "$" and backslashes';
    case 'host':
      return 'a host name or an IP address';
    case 'url':
      return 'a URL that begins with http:// or https://';
    case 'image':
      return `the reference of an image${among(parameter.allowed)}`;
    case 'version':
      return 'a version: letters, digits, "_", "." and "-"';
    case 'path':
      return `an absolute path${among(parameter.allowed)}`;
    case 'objectName':
      return 'the name of a Kubernetes object (a-z, 0-9, "-" and ".")';
    case 'boolean':
      return '"true" or "false"';
    case 'port':
      return 'a port from 1 to 65535';
    case 'integer':
      return `an integer from ${parameter.minimum} to ${parameter.maximum}`;
    case 'enum':
      return `one of ${parameter.values.join(', ')}`;
  }
}

/** Whether the text, as a user wrote it, is a value of this parameter. */
export function accepts(parameter: Parameter, text: string): boolean {
  if (text.length > LONGEST || CONTROL.test(text)) return false;
  switch (parameter.type) {
    case 'string':
      return true;
    case 'word':
      return WORD.test(text);
    case 'host':
      return isHost(text);
    case 'url':
      return isUrl(text);
    case 'image':
      return IMAGE.test(text) && isAmong(parameter.allowed, text);
    case 'version':
      return VERSION.test(text);
    case 'path':
      return PATH.test(text) && !text.split('/').includes('..') && isAmong(parameter.allowed, text);
    case 'objectName':
      return OBJECT_NAME.test(text);
    case 'boolean':
      return ['true', 'false'].includes(text);
    case 'port':
      return integerWithin(text, 1, 65_535);
    case 'integer':
      return integerWithin(text, parameter.minimum, parameter.maximum);
    case 'enum':
      return parameter.values.includes(text);
  }
}

function isUrl(text: string): boolean {
  return WORD.test(text) && /^https?:\/\/[^/]/.test(text) && URL.canParse(text);
}

function isAmong(allowed: readonly string[] | undefined, text: string): boolean {
  return !allowed || allowed.some((pattern) => matchesGlob(pattern, text, LONGEST));
}

function among(allowed: readonly string[] | undefined): string {
  return allowed ? ` that the profile allows (${allowed.join(', ')})` : '';
}

/** Only the plain spelling: `07`, `1e3` and ` 5` would reach the agent as written and mean something else there. */
function integerWithin(text: string, minimum: number, maximum: number): boolean {
  return /^(0|-?[1-9][0-9]{0,14})$/.test(text) && Number(text) >= minimum && Number(text) <= maximum;
}
