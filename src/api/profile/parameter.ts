import * as z from 'zod';
import { type Level, LEVELS } from '../keys.ts';
import { dashedWords } from './scalars.ts';

const settableBy = (fallback: readonly Level[]) =>
  z
    .array(z.enum(LEVELS))
    .default([...fallback])
    .describe(
      'Levels at which it may be set, unless the cluster allows fewer (`tenancy`). Other values are ignored, with a warning. Default of image and path: cluster and namespace.',
    );

const meta = {
  name: dashedWords.describe('The annotation is agent-injector.io/NAME, the template variable ${NAME}.'),
  description: z.string().describe('One sentence about the parameter.'),
  required: z.boolean().default(false).describe('The pod is not injected without a value.'),
  settableBy: settableBy(LEVELS),
  unique: z
    .strictObject({
      by: z.literal('namespace').describe('No two namespaces may have the same value.'),
      within: z.array(z.string()).default([]).describe('Only where these parameters also have one value.'),
      instances: z.int().positive().optional().describe('How many instances of the agent may share a value.'),
    })
    .optional()
    .describe('Checked by agent-injector audit; it does not affect decisions.'),
};

/** Which image runs and which directory is mounted is not left to pods unless the profile says so. */
const guarded = { ...meta, settableBy: settableBy(['cluster', 'namespace']) };

const patterns = z
  .array(z.string().min(1))
  .optional()
  .describe('Globs (*, ?). A value must match one of them, at whatever level it is set.');

const DEFAULT = 'Value if the parameter is not set anywhere. May contain built-in values.';

const textual = z.string().optional().describe(DEFAULT);

const whole = z.int().optional().describe(DEFAULT);

/** The declaration of a parameter. profiles/parameter.ts has the semantics of each type. */
export const parameterSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...meta,
    type: z.literal('string').describe('Any text. Not allowed in lists, images, commands and directories.'),
    default: textual,
  }),
  z.strictObject({
    ...meta,
    type: z.literal('word').describe('Text without spaces, quotes, $ and backslashes.'),
    default: textual,
  }),
  z.strictObject({ ...meta, type: z.literal('host').describe('A host name or an IP address.'), default: textual }),
  z.strictObject({
    ...meta,
    type: z.literal('url').describe('An http or https URL.'),
    default: textual,
  }),
  z.strictObject({
    ...meta,
    type: z.literal('objectName').describe('The name of a Kubernetes object.'),
    default: textual,
  }),
  z.strictObject({
    ...guarded,
    type: z.literal('image').describe('A reference to an OCI image.'),
    default: textual,
    allowed: patterns,
  }),
  z.strictObject({
    ...meta,
    type: z.literal('version').describe('An image tag, or a directory name.'),
    default: textual,
  }),
  z.strictObject({
    ...guarded,
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
    minimum: z.int().describe('The smallest value.'),
    maximum: z.int().describe('The largest value.'),
  }),
  z.strictObject({
    ...meta,
    type: z.literal('enum').describe('One of a list of values.'),
    default: textual,
    values: z.array(z.string()).min(1).describe('The allowed values.'),
  }),
]);

export type Parameter = z.infer<typeof parameterSchema>;
