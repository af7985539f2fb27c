import * as z from 'zod';
import { conditionSchema } from './condition.ts';
import { dashedWords } from './scalars.ts';

/** The paths that the API server accepts in a fieldRef (k8s.io/kubernetes core validation.go). It rejects the whole pod for any other one. */
const FIELD_PATH =
  /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['(?:[a-z0-9][a-z0-9.-]*\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?'\]|spec\.(nodeName|serviceAccountName)|status\.(hostIP|podIP|podIPs))$/;

const FIELD_PATHS =
  "is not a valid field of a variable: use metadata.name, .namespace, .uid, .labels['KEY'] or .annotations['KEY'], spec.nodeName or .serviceAccountName, status.hostIP, .podIP or .podIPs";

const RESOURCE = /^(limits|requests)\.(cpu|memory|ephemeral-storage)$/;

// A required reference to a missing object prevents the container from starting, so the references of profiles are always optional.
const keyRef = z.strictObject({
  name: z.string().min(1),
  key: z.string().min(1),
  optional: z
    .literal(true, 'a required reference could prevent the pod from starting: omit it or set it to true')
    .default(true),
});

const valueFromSchema = z.union([
  z.strictObject({
    fieldRef: z.strictObject({
      fieldPath: z.string().regex(FIELD_PATH, FIELD_PATHS),
    }),
  }),
  z.strictObject({
    resourceFieldRef: z.strictObject({
      resource: z.string().regex(RESOURCE, 'must be (limits|requests).(cpu|memory|ephemeral-storage)'),
      divisor: z.string().optional(),
    }),
  }),
  z.strictObject({ secretKeyRef: keyRef }),
  z.strictObject({ configMapKeyRef: keyRef }),
]);

const common = {
  name: z
    .string()
    .regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, 'is not a valid variable name')
    .describe('Name of the variable.'),
  when: conditionSchema.optional().describe('The variable is omitted unless the condition holds.'),
};

const group = z
  .string()
  .optional()
  .describe('Entries of a group are set together or not at all. Another value of one of them is a conflict.');

const anyValue = {
  value: z.string().optional().describe('May contain parameters and built-in values: ${parameter}.'),
  valueFrom: valueFromSchema.optional().describe('fieldRef, resourceFieldRef, secretKeyRef or configMapKeyRef.'),
};

const either = ({ value, valueFrom }: { value?: string | undefined; valueFrom?: unknown }): boolean =>
  (value === undefined) !== (valueFrom === undefined);

const EITHER = 'must have either value or valueFrom';

// The published JSON Schema cannot contain functions.
const eitherInJsonSchema = { oneOf: [{ required: ['value'] }, { required: ['valueFrom'] }] };

const listed = z.string().min(1).describe('May contain parameters and built-in values: ${parameter}.');

const absent = z
  .string()
  .regex(/^[^$]*$/, 'must not contain $')
  .optional()
  .describe(
    'What the program takes where the variable is not set, and what the list then starts with; "" stands for an empty first or last part. Default: the value alone.',
  );

const separator = z
  .string()
  .min(1)
  .max(4)
  .regex(/^[^$()]*$/, 'must not contain $, ( or ): the kubelet would interpret them together with the value')
  .describe('Separates the parts of the value.');

export const environmentSchema = z.discriminatedUnion('operation', [
  z
    .strictObject({
      ...common,
      operation: z.literal('set').optional().describe('Sets the variable unless the pod already has it. The default.'),
      ...anyValue,
      group,
      compare: z.enum(['exact', 'guid']).default('exact').describe('How an existing value is compared with this one.'),
    })
    .refine(either, EITHER)
    .meta(eitherInJsonSchema),
  z
    .strictObject({
      ...common,
      operation: z.literal('force').describe('Sets the variable and replaces any value in the pod.'),
      ...anyValue,
    })
    .refine(either, EITHER)
    .meta(eitherInJsonSchema),
  z.strictObject({
    ...common,
    operation: z.literal('append').describe('Appends to the value in the pod, unless it already contains this part.'),
    value: listed,
    separator,
    absent,
    group,
  }),
  z.strictObject({
    ...common,
    operation: z.literal('prepend').describe('Prepends to the value in the pod, unless it already contains this part.'),
    value: listed,
    separator,
    absent,
    group,
  }),
  z
    .strictObject({
      ...common,
      operation: z
        .literal('merge')
        .describe(
          'Adds the assignments whose names are not in the value in the pod. One with a parameter or a fact that has no value is left out. In the value of an assignment, parameters are percent-encoded, like values of annotations.',
        ),
      value: listed.optional(),
      annotations: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/$/, 'must be the prefix of an annotation, with its slash')
        .optional()
        .describe(
          'Instead of value: the annotations of the pod with this prefix, as assignments of their names without it. Values of more than 1024 characters are left out, and all that is beyond 16 KiB.',
        ),
      parameter: dashedWords.optional().describe('Instead of value: a parameter of type assignments.'),
      separator,
      assignment: separator.describe('Separates a name from its value.'),
    })
    .refine(
      ({ value, annotations, parameter }) =>
        [value, annotations, parameter].filter((one) => one !== undefined).length === 1,
      'must have one of value, annotations and parameter',
    )
    .meta({ oneOf: [{ required: ['value'] }, { required: ['annotations'] }, { required: ['parameter'] }] }),
]);

export type EnvironmentDocument = z.infer<typeof environmentSchema>;

export type ValueFrom = z.infer<typeof valueFromSchema>;
