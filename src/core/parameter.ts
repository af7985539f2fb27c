import { z } from 'zod';

const meta = {
  name: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be words of a-z and 0-9 joined by dashes'),
  description: z.string(),
};
const required = z.boolean().default(false).describe('Without a value, the pod is not injected.');

/** How a profile declares a parameter. What differs between types is in their rows below, nowhere else. */
export const parameterSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...meta, type: z.literal('string'), required, default: z.string().optional() }),
  z.strictObject({ ...meta, type: z.literal('host'), required, default: z.string().optional() }),
  z.strictObject({ ...meta, type: z.literal('objectName'), required, default: z.string().optional() }),
  z.strictObject({ ...meta, type: z.literal('boolean'), required, default: z.boolean().optional() }),
  z.strictObject({ ...meta, type: z.literal('port'), required, default: z.int().optional() }),
  z.strictObject({
    ...meta,
    type: z.literal('integer'),
    required,
    default: z.int().optional(),
    minimum: z.int(),
    maximum: z.int(),
  }),
  z.strictObject({
    ...meta,
    type: z.literal('enum'),
    required,
    default: z.string().optional(),
    values: z.array(z.string()).min(1),
  }),
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

// oxlint-disable-next-line eslint/no-control-regex -- the characters that no value may hold
const CONTROL = /[\u0000-\u001f\u007f]/;

/** What a value of this parameter must be, in words that follow "must be". */
export function expectation(parameter: Parameter): string {
  switch (parameter.type) {
    case 'string':
      return `text of at most ${LONGEST} characters without control characters`;
    case 'host':
      return 'a host name or an IP address';
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
    case 'host':
      return isHost(text);
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

/** Only the plain spelling: `07`, `1e3` and ` 5` would reach the agent as written and mean something else there. */
function integerWithin(text: string, minimum: number, maximum: number): boolean {
  return /^(0|-?[1-9][0-9]{0,14})$/.test(text) && Number(text) >= minimum && Number(text) <= maximum;
}
