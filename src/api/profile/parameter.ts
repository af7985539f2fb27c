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

const FACT_KEY = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/;

const factKey = z.string().regex(FACT_KEY, 'is not a valid key of a label or an annotation');

const factSchema = z.union([
  z.strictObject({ annotation: factKey.describe('An annotation of the pod.') }),
  z.strictObject({ label: factKey.describe('A label of the pod.') }),
]);

const variableNames = z.array(z.string().min(1)).min(1);

const meta = {
  name: dashedWords.describe('The annotation is agent-injector.io/NAME, the template variable ${NAME}.'),
  description: z.string().describe('One sentence about the parameter.'),
  required: z.boolean().default(false).describe('The pod is not injected without a value.'),
  settableBy: settableBy(LEVELS),
  from: z
    .array(factSchema)
    .min(1)
    .optional()
    .describe(
      'Labels and annotations of the pod, in other words than ours, that say the value: {label: KEY} or {annotation: KEY}. The first that is there counts, below the annotations of the pod for agent-injector, above those of the namespace.',
    ),
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
    schemes: z
      .array(z.enum(['http', 'https', 'unix']))
      .min(1)
      .optional()
      .describe('Allowed schemes. unix://PATH names a socket. Default: http and https.'),
    references: variableNames
      .optional()
      .describe('Variables that the profile sets, and that a value may refer to: http://$(NODE_IP):4318.'),
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
  z.strictObject({
    ...meta,
    type: z.literal('assignments').describe('Pairs NAME=VALUE, comma-separated, for a list that is merged.'),
    default: textual,
  }),
  z.strictObject({
    ...meta,
    type: z
      .literal('variables')
      .describe('Further variables for the container: NAME=VALUE, separated by blanks or new lines.'),
    default: textual,
    allowed: variableNames.describe('Names or globs of the allowed variables. Those that load code are never allowed.'),
    except: variableNames.optional().describe('Names or globs of variables that are not allowed all the same.'),
  }),
]);

export type Parameter = z.infer<typeof parameterSchema>;

/** A label or an annotation of the pod that says the value of a parameter. */
export type Fact = z.infer<typeof factSchema>;
