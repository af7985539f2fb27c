import * as z from 'zod';
import { conditionSchema } from './condition.ts';

/** What the API server takes in a variable's fieldRef (k8s.io/kubernetes core validation.go): another path would refuse the whole pod. */
const FIELD_PATH =
  /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['(?:[a-z0-9][a-z0-9.-]*\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?'\]|spec\.(nodeName|serviceAccountName)|status\.(hostIP|podIP|podIPs))$/;

const RESOURCE = /^(limits|requests)\.(cpu|memory|ephemeral-storage)$/;

// A required reference to an object that is not there keeps the container from starting: ours are optional, always.
const keyRef = z.strictObject({
  name: z.string().min(1),
  key: z.string().min(1),
  optional: z
    .literal(true, 'a required reference could keep the pod from starting: leave it out or say true')
    .default(true),
});

const valueFromSchema = z.union([
  z.strictObject({
    fieldRef: z.strictObject({ fieldPath: z.string().regex(FIELD_PATH, 'is no field that a variable can refer to') }),
  }),
  z.strictObject({
    resourceFieldRef: z.strictObject({
      resource: z.string().regex(RESOURCE, 'must be limits. or requests. with cpu, memory or ephemeral-storage'),
      divisor: z.string().optional(),
    }),
  }),
  z.strictObject({ secretKeyRef: keyRef }),
  z.strictObject({ configMapKeyRef: keyRef }),
]);

const common = {
  name: z
    .string()
    .regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, 'is no name of a variable')
    .describe('Of the variable.'),
  when: conditionSchema.optional().describe('Left out otherwise.'),
};

const group = z
  .string()
  .optional()
  .describe('Entries of one group go in whole or not at all; a value of theirs that differs is a conflict.');

const anyValue = {
  value: z.string().optional().describe('May refer to parameters and facts: ${parameter}.'),
  valueFrom: valueFromSchema.optional().describe('fieldRef, resourceFieldRef, secretKeyRef or configMapKeyRef.'),
};

const either = ({ value, valueFrom }: { value?: string | undefined; valueFrom?: unknown }): boolean =>
  (value === undefined) !== (valueFrom === undefined);

const EITHER = 'must have either value or valueFrom';

/** The same for the published JSON Schema, which cannot have functions. */
const eitherInJsonSchema = { oneOf: [{ required: ['value'] }, { required: ['valueFrom'] }] };

const listed = z.string().min(1).describe('May refer to parameters and facts: ${parameter}.');

const separator = z
  .string()
  .min(1)
  .max(4)
  .regex(/^[^$()]*$/, 'must not have $, ( or ) in it: the kubelet would read them together with the value')
  .describe('What stands between the words of the value.');

/** One entry of a profile's environment. */
export const environmentSchema = z.discriminatedUnion('operation', [
  z
    .strictObject({
      ...common,
      operation: z.literal('set').optional().describe('Sets the variable where its author did not. The default.'),
      ...anyValue,
      group,
      compare: z.enum(['exact', 'guid']).default('exact').describe('How a value that is there is compared with ours.'),
    })
    .refine(either, EITHER)
    .meta(eitherInJsonSchema),
  z
    .strictObject({
      ...common,
      operation: z.literal('force').describe("Sets the variable in the place of its author's value."),
      ...anyValue,
    })
    .refine(either, EITHER)
    .meta(eitherInJsonSchema),
  z.strictObject({
    ...common,
    operation: z.literal('append').describe("Adds to the end of its author's value, unless it is in there already."),
    value: listed,
    separator,
    group,
  }),
  z.strictObject({
    ...common,
    operation: z.literal('prepend').describe("Adds to the beginning of its author's value, unless it is in there."),
    value: listed,
    separator,
    group,
  }),
  z.strictObject({
    ...common,
    operation: z.literal('merge').describe("Adds those assignments whose names its author's value does not have."),
    value: listed,
    separator,
    assignment: separator.describe('What stands between a name and its value.'),
  }),
]);

export type EnvironmentDocument = z.infer<typeof environmentSchema>;

export type ValueFrom = z.infer<typeof valueFromSchema>;
