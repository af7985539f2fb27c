import * as z from 'zod';

/** Who may give a parameter its value, weakest first. */
const setters = ['cluster', 'namespace', 'pod', 'container'] as const;

const meta = {
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be words of a-z and 0-9 joined by dashes')
    .describe('The annotation is agent-injector.io/NAME, the template ${NAME}.'),
  description: z.string().describe('What it means, in a sentence.'),
  required: z.boolean().default(false).describe('Without a value, the pod is not injected.'),
  settableBy: z
    .array(z.enum(setters))
    .default([...setters])
    .describe(
      'Who may give it a value: a guard rail for tenants. What anybody else says is passed over, with a warning.',
    ),
  unique: z
    .strictObject({
      by: z.literal('namespace').describe('Two namespaces with one value are a mistake.'),
      within: z.array(z.string()).default([]).describe('Only where these parameters have one value, too.'),
      instances: z.int().positive().optional().describe('How many instances may share a value.'),
    })
    .optional()
    .describe('What agent-injector audit looks at. It changes no decision.'),
};

const patterns = z
  .array(z.string().min(1))
  .optional()
  .describe('Globs (*, ?): a value must match one of them, whoever gives it.');

const DEFAULT = 'What it is where nobody gives it; without one, it may have no value. May refer to facts.';

const textual = z.string().optional().describe(DEFAULT);

const whole = z.int().optional().describe(DEFAULT);

/** How a profile declares a parameter. What differs between types is in their rows of parameter.ts, nowhere else. */
export const parameterSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...meta,
    type: z.literal('string').describe('Any text. Not for lists, images, commands and directories.'),
    default: textual,
  }),
  z.strictObject({
    ...meta,
    type: z.literal('word').describe('Text without blanks, quotes, $ and backslashes.'),
    default: textual,
  }),
  z.strictObject({ ...meta, type: z.literal('host').describe('A host name or an IP address.'), default: textual }),
  z.strictObject({ ...meta, type: z.literal('url').describe('http:// or https://'), default: textual }),
  z.strictObject({
    ...meta,
    type: z.literal('objectName').describe('The name of a Kubernetes object.'),
    default: textual,
  }),
  z.strictObject({
    ...meta,
    type: z.literal('image').describe('A reference to an OCI image.'),
    default: textual,
    allowed: patterns,
  }),
  z.strictObject({ ...meta, type: z.literal('version').describe("An image's tag, or a directory."), default: textual }),
  z.strictObject({
    ...meta,
    type: z.literal('path').describe('An absolute path.'),
    default: textual,
    allowed: patterns,
  }),
  z.strictObject({
    ...meta,
    type: z.literal('boolean').describe('true or false.'),
    default: z.boolean().optional().describe(DEFAULT),
  }),
  z.strictObject({ ...meta, type: z.literal('port').describe('From 1 to 65535.'), default: whole }),
  z.strictObject({
    ...meta,
    type: z.literal('integer').describe('From minimum to maximum.'),
    default: whole,
    minimum: z.int().describe('The least value.'),
    maximum: z.int().describe('The greatest value.'),
  }),
  z.strictObject({
    ...meta,
    type: z.literal('enum').describe('One of values.'),
    default: textual,
    values: z.array(z.string()).min(1).describe('What it may be.'),
  }),
]);

export type Parameter = z.infer<typeof parameterSchema>;
